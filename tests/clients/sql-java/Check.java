import java.sql.*;
import java.time.*;
import java.util.*;

/** ClickHouse's JDBC driver against the SQL port, as DBeaver, Metabase and programs use it: connects, lists, reads types, streams. */
class Check {
    public static void main(String[] arguments) throws Exception {
        String url = System.getenv("SQL_URL").replaceFirst("http", "jdbc:clickhouse") + "/playhead";
        Properties who = new Properties();
        who.setProperty("user", System.getenv("SQL_USER"));
        who.setProperty("password", System.getenv("SQL_PASSWORD"));
        try (Connection connection = DriverManager.getConnection(url, who)) {
            lists(connection);
            reads(connection);
            streams(connection);
            fails(connection);
        }
    }

    static void lists(Connection connection) throws SQLException {
        DatabaseMetaData about = connection.getMetaData();
        check(about.getDatabaseMajorVersion() >= 20, "version " + about.getDatabaseProductVersion());
        check(System.getenv("SQL_USER").equals(about.getUserName()), "user " + about.getUserName());
        check(column(about.getSchemas(), "TABLE_SCHEM").contains("playhead"), "schemas");
        check(!column(about.getTableTypes(), "TABLE_TYPE").isEmpty(), "table types");
        Set<String> tables = column(about.getTables(null, "playhead", "%", null), "TABLE_NAME");
        check(tables.equals(Set.of("views", "events", "sessions", "engagement", "video_days")), "tables " + tables);
        Set<String> columns = column(about.getColumns(null, "playhead", "views", "%"), "COLUMN_NAME");
        check(columns.contains("view_start") && !columns.contains("environment"), "columns " + columns);
        check(column(about.getTypeInfo(), "TYPE_NAME").contains("UInt64"), "types");
        check(column(about.getFunctions(null, null, "%"), "FUNCTION_NAME").contains("quantileExact"), "functions");
        // There are none, and a tool that asks is told so.
        for (ResultSet none : List.of(about.getPrimaryKeys(null, "playhead", "views"), about.getImportedKeys(null, "playhead", "views"),
                about.getIndexInfo(null, "playhead", "views", false, false), about.getProcedures(null, null, "%"))) {
            check(!none.next(), "keys, indices and procedures");
        }
        check(connection.isValid(5), "isValid");
    }

    static void reads(Connection connection) throws SQLException {
        String query = "SELECT view_start, video_startup_ms, played_ranges, custom, bitrate_ms, page_load_ms, [1, 2, 3] AS list,"
            + " toUInt64(18446744073709551615) AS big, CAST('x', 'LowCardinality(String)') AS low, toDecimal64(1.25, 2) AS exact"
            + " FROM views WHERE video_id = ? LIMIT 1";
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, "v1");
            try (ResultSet row = statement.executeQuery()) {
                check(row.next(), "a row");
                List<String> types = new ArrayList<>();
                for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) types.add(row.getMetaData().getColumnTypeName(i));
                check(types.equals(List.of("DateTime64(3, 'UTC')", "Nullable(UInt32)", "Array(Tuple(UInt32, UInt32))", "Map(String, String)", "UInt64",
                    "Nullable(UInt32)", "Array(UInt8)", "UInt64", "LowCardinality(String)", "Decimal(18, 2)")), "types " + types);
                Duration age = Duration.between(row.getTimestamp("view_start").toInstant(), Instant.now());
                check(!age.isNegative() && age.toHours() < 1, "view_start " + row.getObject("view_start"));
                check(row.getLong("video_startup_ms") > 0 && row.getLong("page_load_ms") == 0 && row.wasNull(), "numbers and NULL");
                check(!((Map<?, ?>) row.getObject("custom")).isEmpty(), "custom " + row.getObject("custom"));
                check(row.getArray("played_ranges") != null, "played_ranges");
                check(row.getObject("big").toString().equals("18446744073709551615"), "big " + row.getObject("big"));
                check(row.getString("low").equals("x") && row.getBigDecimal("exact").doubleValue() == 1.25, "low, exact");
            }
        }
    }

    /** The heap of this program is far smaller than what comes through it. */
    static void streams(Connection connection) throws SQLException {
        String query = "SELECT number, now64(3) AS time, repeat('x', 100) AS text FROM numbers(1000000)";
        long count = 0, sum = 0;
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                count++;
                sum += rows.getLong(1);
            }
        }
        check(count == 1_000_000 && sum == 499_999_500_000L, count + " rows");
    }

    static void fails(Connection connection) throws SQLException {
        for (String[] one : new String[][] {{"SELECT nosuch FROM views", "47"}, {"SELECT * FROM view_states", "60"}, {"SELECT * FROM file('x')", "497"}}) {
            try (Statement statement = connection.createStatement(); ResultSet ignored = statement.executeQuery(one[0])) {
                throw new AssertionError(one[0] + " was answered");
            } catch (SQLException error) {
                check(error.getErrorCode() == Integer.parseInt(one[1]) || error.getMessage().contains("Code: " + one[1]), one[0] + ": " + error);
            }
        }
    }

    static Set<String> column(ResultSet rows, String name) throws SQLException {
        Set<String> values = new TreeSet<>();
        while (rows.next()) values.add(rows.getString(name));
        return values;
    }

    static void check(boolean holds, String what) {
        if (!holds) throw new AssertionError(what);
    }
}
