/** Starts the app. */
import { render } from 'preact';
import { App } from './app';
import { followLinks, routeOf } from './router';
import './styles/index.css';
import './ui/theme';

const host = document.getElementById('app');
if (host === null) throw new Error('index.html has no #app');

followLinks((path) => routeOf(path).page !== 'unknown');
render(<App />, host);
