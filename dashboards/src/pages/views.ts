/** Single views: the list and one of them are one file. */
export { ViewPage } from './ViewPage';
export { ViewsPage } from './ViewsPage';
