export const AlertsPage = (_: { incidentId?: string }) => <h1 tabIndex={-1}>x</h1>;
