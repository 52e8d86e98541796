/** Starts the app. */
import { effect } from '@preact/signals';
import { render } from 'preact';
import { App } from './app';
import { address, followLinks, oneOf, routeOf } from './router';
import './styles/index.css';
import { ZONES, zone } from './time/zone';
import './ui/theme';

const host = document.getElementById('app');
if (host === null) throw new Error('index.html has no #app');

effect(() => {
  zone.value = oneOf(address.value, 'zone', ZONES, 'local');
});
followLinks((path) => routeOf(path).page !== 'unknown');
render(<App />, host);
