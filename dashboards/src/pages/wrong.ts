/** What goes wrong: one file. */
export { AlertsPage } from './AlertsPage';
export { ErrorPage } from './ErrorPage';
export { ErrorsPage } from './ErrorsPage';
export { IncidentPage } from './IncidentPage';
