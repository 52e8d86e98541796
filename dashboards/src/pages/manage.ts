/** What is set up and looked after: one file. */
export { SettingsPage } from './SettingsPage';
export { StartPage } from './StartPage';
export { SystemPage } from './SystemPage';
