export const ComparePage = (_: { incidentId?: string }) => <h1 tabIndex={-1}>x</h1>;
