export const IncidentPage = (_: { incidentId?: string }) => <h1 tabIndex={-1}>x</h1>;
