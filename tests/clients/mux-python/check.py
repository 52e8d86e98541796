"""Every implemented endpoint through Mux's own client: it has to parse and raise as it does at home."""
import os

import mux_python
from mux_python.rest import ApiException

configuration = mux_python.Configuration()
configuration.host = os.environ["MUX_BASE_URL"]
configuration.username = os.environ["MUX_TOKEN_ID"]
configuration.password = os.environ["MUX_TOKEN_SECRET"]
client = mux_python.ApiClient(configuration)
metrics = mux_python.MetricsApi(client)
views = mux_python.VideoViewsApi(client)
dimensions = mux_python.DimensionsApi(client)
timeframe = ["7:days"]

overall = metrics.get_overall_values("video_startup_time", timeframe=timeframe, filters=["country:DE"], measurement="95th")
assert overall.data.value > 0 and overall.data.total_views > 0, overall

series = metrics.get_metric_timeseries_data("views", timeframe=timeframe, group_by="day")
total = metrics.get_overall_values("views", timeframe=timeframe).data.value
assert sum(float(row[2]) for row in series.data) == total, series

countries = metrics.list_breakdown_values(
    "playback_failure_percentage", timeframe=timeframe, group_by="country", order_by="views", limit=100
)
assert countries.total_row_count == len(countries.data) == 5, countries

compared = metrics.list_all_metric_values(timeframe=timeframe, dimension="country", value="DE")
assert len(compared.data) >= 6, compared
assert compared.data[0].name == "totals" and compared.data[0].started_views > 0, compared.data[0]

insights = metrics.list_insights(
    "playback_failure_percentage", timeframe=timeframe, measurement="avg", order_direction="desc",
    filters=["+cdn:a"], metric_filters=["video_startup_time>=0"],
)
assert 0 < len(insights.data) <= insights.total_row_count, insights
worst = insights.data[0]
assert worst.filter_column and worst.total_views > 0 and worst.negative_impact_score >= insights.data[-1].negative_impact_score, worst

listed = views.list_video_views(timeframe=timeframe, limit=25)
view = views.get_video_view(listed.data[0].id).data
assert view.id == listed.data[0].id and view.view_end == listed.data[0].view_end, view

chosen = views.list_video_views(timeframe=timeframe, viewer_id="u1", filters=["country:DE", "country:FR"], limit=100)
assert {row.country_code for row in chosen.data} == {"DE", "FR"}, chosen
assert chosen.total_row_count == len(chosen.data) < listed.total_row_count, chosen.total_row_count

errors = mux_python.ErrorsApi(client).list_errors(timeframe=timeframe)
assert any(error.code == 404 for error in errors.data) and all(error.count > 0 for error in errors.data), errors

assert "country" in dimensions.list_dimensions().data.basic
assert len(dimensions.list_dimension_values("country", timeframe=timeframe).data) == 5

monitoring = mux_python.MonitoringApi(client)
names = [row.name for row in monitoring.list_monitoring_metrics().data]
assert "asn" in [row.name for row in monitoring.list_monitoring_dimensions().data]
for name in (name for name in names if name != "video-startup-time"):
    points = monitoring.get_monitoring_timeseries(name).data
    assert any(point.concurrent_viewers > 0 for point in points), name
    parts = monitoring.get_monitoring_breakdown_timeseries(name, dimension="cdn", timeframe=["5:minutes"]).data
    assert any(len(part.values) == 2 for part in parts), name
    monitoring.get_monitoring_breakdown(name, dimension="country")
histogram = monitoring.get_monitoring_histogram_timeseries("video-startup-time")
assert any(point.sum > 0 and point.p95 > 0 for point in histogram.data) and len(histogram.meta.buckets) == 7

annotations = mux_python.AnnotationsApi(client)
made = annotations.create_annotation({"date": 1795000000, "note": "release"}).data
assert annotations.get_annotation(made.id).data.date.timestamp() == 1795000000
assert annotations.update_annotation(made.id, {"date": 1795000001, "note": "hotfix"}).data.note == "hotfix"
assert annotations.list_annotations().total_row_count == 1
annotations.delete_annotation(made.id)
assert mux_python.IncidentsApi(client).list_incidents(status="open").data == []
assert len(mux_python.ExportsApi(client).list_exports_views().data) >= 2

try:
    metrics.get_overall_values("views", filters=["planet:x"])
    raise SystemExit("a filter that does not exist was taken")
except ApiException as error:
    assert error.status == 400 and "country" in str(error.body), error

print(f"mux-python read {listed.total_row_count} views, {len(countries.data)} countries, {len(compared.data)} metrics")
