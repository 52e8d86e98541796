/** What happened: one file for pages that are made of the same parts, so that going from one to the next loads nothing. */
export { ComparePage } from './ComparePage';
export { ExplorePage } from './ExplorePage';
export { OverviewPage } from './OverviewPage';
export { QualityPage } from './QualityPage';
export { UsagePage } from './UsagePage';
export { VideoPage } from './VideoPage';
