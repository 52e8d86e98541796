/** Starts the app. */
import { render } from 'preact';
import { loadSession } from './api/session';
import { App } from './app';
import { followLinks, routeOf } from './router';
import './styles/index.css';
import './ui/theme';

const host = document.getElementById('app');
if (host === null) throw new Error('index.html has no #app');

followLinks((path) => routeOf(path).page !== 'unknown');
void loadSession();
render(<App />, host);
