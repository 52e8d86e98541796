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
