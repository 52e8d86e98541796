// Every implemented endpoint through Mux's own client: it has to parse, page and throw as it does at home.
import assert from 'node:assert/strict';
import Mux from '@mux/mux-node';

const mux = new Mux({ maxRetries: 0 });
const timeframe = ['7:days'];

const overall = await mux.data.metrics.getOverallValues('video_startup_time', {
  timeframe, filters: ['country:DE', '!cdn:none'], measurement: '95th', metric_filters: ['rebuffer_count>=0'],
});
assert.equal(typeof overall.data.value, 'number');
assert.ok(overall.data.total_views > 0);
assert.equal(overall.timeframe.length, 2);
assert.equal(overall.meta.aggregation, 'view_end');

const series = await mux.data.metrics.getTimeseries('views', { timeframe, group_by: 'day' });
assert.equal(series.meta.granularity, 'day');
assert.equal(series.data.reduce((sum, [, , views]) => sum + views, 0),
  (await mux.data.metrics.getOverallValues('views', { timeframe })).data.value);

const upscaled = await mux.data.metrics.getOverallValues('upscale_percentage', { timeframe });
assert.ok(upscaled.data.value >= 0);
const experience = await mux.data.metrics.getOverallValues('viewer_experience_score', { timeframe });
assert.ok(experience.data.value > 0 && experience.data.value < 100);

const countries = [];
for await (const row of mux.data.metrics.listBreakdownValues('playback_failure_percentage', {
  timeframe, group_by: 'country', order_by: 'views', order_direction: 'desc', limit: 2,
})) countries.push(row);
assert.equal(countries.length, 5);
assert.ok(countries.every((row, index) => index === 0 || countries[index - 1].views >= row.views));

const comparison = await mux.data.metrics.list({ timeframe, dimension: 'country', value: 'DE' });
assert.ok(comparison.data.length >= 6);
assert.ok(comparison.data[0].name === 'totals' && comparison.data[0].started_views > 0);
assert.ok(comparison.data.slice(1).every(({ metric, type }) => typeof metric === 'string' && typeof type === 'string'));

const insights = await mux.data.metrics.getInsights('playback_failure_percentage', {
  timeframe, measurement: 'avg', order_direction: 'desc', filters: ['+cdn:a'], metric_filters: ['video_startup_time>=0'],
});
assert.ok(insights.total_row_count >= insights.data.length && insights.data.length > 0);
assert.ok(insights.data.every((row) => typeof row.filter_column === 'string' && typeof row.metric === 'number'
  && typeof row.negative_impact_score === 'number' && row.total_views > 0));
assert.equal(insights.meta.aggregation, 'view_end');
assert.deepEqual((await mux.data.metrics.getInsights('views', { timeframe })).data, []);

// Every metric of theirs that is one of ours.
const served = (await mux.get('/data/v1/metrics')).data.map(({ id }) => id);
for (const id of served) {
  const { data } = await mux.data.metrics.getOverallValues(id, { timeframe });
  assert.ok(data.value === null || typeof data.value === 'number', id);
}

const views = [];
for await (const view of mux.data.videoViews.list({ timeframe, limit: 25, order_direction: 'desc' })) views.push(view);
assert.equal(views.length, views[0].total_row_count);
const { data: view } = await mux.data.videoViews.retrieve(views[0].id);
assert.equal(view.id, views[0].id);
assert.equal(view.view_end, views[0].view_end);
assert.ok(views.some(({ viewer_experience_score: score }) => typeof score === 'number'));
assert.ok(view.viewer_experience_score === null || typeof view.viewer_experience_score === 'string');
assert.ok(Array.isArray(view.events));

const errors = await mux.data.errors.list({ timeframe, filters: ['!country:US'] });
assert.equal(errors.total_row_count, errors.data.length);
assert.ok(errors.data.some(({ code }) => code === 404) && errors.data.some(({ code }) => code === null));
assert.ok(errors.data.every((row) => row.count > 0 && row.percentage > 0 && row.percentage < 1 && Date.parse(row.last_seen)));
const [failed] = (await mux.data.videoViews.list({ timeframe, error_id: errors.data[0].id })).data;
assert.equal(failed.player_error_code, errors.data[0].player_error_code);

const dimensions = await mux.data.dimensions.list();
assert.ok(dimensions.data.basic.includes('country'));
const values = [];
for await (const value of mux.data.dimensions.listValues('country', { timeframe, limit: 2 })) values.push(value);
assert.equal(values.length, 5);

const heatmap = await mux.data.engagement.videos.heatmap('video-a', { timeframe });
assert.ok(heatmap.data.total_views > 0);
assert.equal(heatmap.data.value.length, 100);
const hotspots = await mux.data.engagement.videos.hotspots('video-a', { timeframe, limit: 5, order_direction: 'asc' });
assert.equal(hotspots.data.total_views, heatmap.data.total_views);
assert.ok(Array.isArray(hotspots.data.hotspots));

const { monitoring } = mux.data;
const names = (await monitoring.metrics.list()).data.map(({ name }) => name);
assert.ok(names.includes('current-concurrent-viewers') && names.includes('video-startup-time'));
assert.ok((await monitoring.listDimensions()).data.some(({ name, display_name: shown }) => name === 'asn' && shown));
for (const name of names.filter((name) => name !== 'video-startup-time')) {
  const { data: points } = await monitoring.metrics.getTimeseries(name, { filters: ['!cdn:none'] });
  assert.ok(points.length > 10 && points.some(({ concurrent_viewers: viewers }) => viewers > 0), name);
  assert.ok(points.some(({ value }) => typeof value === 'number'), name);
  const breakdowns = (await monitoring.metrics.getBreakdownTimeseries(name, {
    dimension: 'country', timeframe: ['5:minutes'], order_by: 'views', order_direction: 'desc', limit: 2,
  })).data;
  assert.ok(breakdowns.some(({ values }) => values.length === 2 && values[0].concurrent_viewers > 0), name);
  const at = Date.parse(breakdowns[10].date) / 1000;
  const parts = (await monitoring.metrics.getBreakdown(name, { dimension: 'country', timestamp: at })).data;
  assert.ok(parts.every(({ negative_impact: impact, starting_up_viewers: starting }) => impact + starting >= -Infinity));
}
const histogram = await monitoring.metrics.getHistogramTimeseries('video-startup-time');
assert.ok(histogram.data.some(({ sum, median }) => sum > 0 && median > 0));
assert.equal(histogram.data[0].bucket_values.length, histogram.meta.buckets.length);
await assert.rejects(monitoring.metrics.getTimeseries('nothing'), Mux.NotFoundError);

const annotation = await mux.data.annotations.create({ date: 1795000000, note: 'release', sub_property_id: 'eu' });
assert.equal((await mux.data.annotations.retrieve(annotation.id)).note, 'release');
assert.equal((await mux.data.annotations.update(annotation.id, { date: 1795000001, note: 'hotfix' })).date, '2026-11-18T11:06:41Z');
const annotations = [];
for await (const row of mux.data.annotations.list({ limit: 1 })) annotations.push(row);
assert.deepEqual(annotations.map(({ note }) => note), ['hotfix']);
await mux.data.annotations.delete(annotation.id);
await assert.rejects(mux.data.annotations.retrieve(annotation.id), Mux.NotFoundError);
const incidents = [];
for await (const incident of mux.data.incidents.list({ status: 'open', order_by: 'negative_impact' })) incidents.push(incident);
assert.deepEqual(incidents, []);
await assert.rejects(mux.data.incidents.retrieve('none'), Mux.NotFoundError);
const exported = await mux.data.exports.listVideoViews();
assert.ok(exported.data.length >= 2 && exported.data.every(({ files }) => files.some(({ type }) => type === 'csv')));

await assert.rejects(mux.data.metrics.getOverallValues('nothing'), Mux.NotFoundError);
await assert.rejects(mux.data.metrics.getOverallValues('views', { filters: ['planet:x'] }), (error) => {
  assert.ok(error instanceof Mux.BadRequestError);
  assert.equal(error.error.error.type, 'invalid_parameters');
  assert.match(error.error.error.messages.join(' '), /country/);
  return true;
});
await assert.rejects(new Mux({ tokenSecret: 'wrong', maxRetries: 0 }).data.dimensions.list(), Mux.AuthenticationError);
const bearer = new Mux({
  tokenId: null, tokenSecret: null, maxRetries: 0,
  authorizationToken: `${process.env.MUX_TOKEN_ID}:${process.env.MUX_TOKEN_SECRET}`,
});
assert.ok((await bearer.data.dimensions.list()).data.basic.length > 0);

const chosen = [];
for await (const view of mux.data.videoViews.list({
  timeframe, viewer_id: 'u1', filters: ['country:DE', 'country:FR'], metric_filters: ['rebuffer_count>=0'], limit: 1,
})) chosen.push(view);
assert.ok(chosen.length > 1 && chosen.every(({ country_code: country }) => ['DE', 'FR'].includes(country)));
assert.ok(views.every((row) => typeof row.watch_time === 'number' && typeof row.playback_failure === 'boolean'
  && typeof row.view_start === 'string' && ['string', 'object'].includes(typeof row.video_title)));

console.log(`@mux/mux-node read ${views.length} views, ${countries.length} countries, ${comparison.data.length} metrics`);
