/** Starts the demo page. */
import { render } from 'preact';
import { DemoPage } from './DemoPage';
import { followLinks } from '../router';
import '../styles/index.css';
import '../ui/theme';

const host = document.getElementById('app');
if (host === null) throw new Error('demo.html has no #app');

followLinks((path) => path === location.pathname);
render(<DemoPage />, host);
