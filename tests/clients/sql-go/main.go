// ClickHouse's Go client against the SQL port, over HTTP and database/sql, which is how Grafana's plugin uses it.
//
//	SQL_URL=http://127.0.0.1:8123 SQL_USER=token SQL_PASSWORD=secret go run .
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

const streamed = 1_000_000

func main() {
	for _, method := range []clickhouse.CompressionMethod{
		clickhouse.CompressionNone, clickhouse.CompressionLZ4, clickhouse.CompressionZSTD, clickhouse.CompressionGZIP,
	} {
		if err := check(method); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", method, err)
			os.Exit(1)
		}
	}
}

func connect(method clickhouse.CompressionMethod) (*sql.DB, error) {
	address, err := url.Parse(os.Getenv("SQL_URL"))
	if err != nil {
		return nil, err
	}
	settings := clickhouse.Settings{"max_execution_time": 65, "limit": 2 * streamed}
	if method == clickhouse.CompressionGZIP {
		settings["enable_http_compression"] = 1
	}
	return clickhouse.OpenDB(&clickhouse.Options{
		Protocol:    clickhouse.HTTP,
		Addr:        []string{address.Host},
		Auth:        clickhouse.Auth{Database: "playhead", Username: os.Getenv("SQL_USER"), Password: os.Getenv("SQL_PASSWORD")},
		Compression: &clickhouse.Compression{Method: method},
		Settings:    settings,
		DialTimeout: 30 * time.Second,
	}), nil
}

func check(method clickhouse.CompressionMethod) error {
	db, err := connect(method)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Ping(); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	for name, step := range map[string]func(*sql.DB) error{
		"lists": lists, "types": types, "rows": rows, "nothing": nothing, "stream": stream, "errors": failures,
	} {
		if err := step(db); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func texts(db *sql.DB, query string) ([]string, error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		found = append(found, text)
	}
	return found, rows.Err()
}

// What the plugin lists in its editor.
func lists(db *sql.DB) error {
	for query, wanted := range map[string]string{
		"SHOW DATABASES":                "playhead",
		"SHOW TABLES FROM \"playhead\"": "views",
		"SELECT name FROM system.columns WHERE database = 'playhead' AND table = 'views'":    "video_startup_ms",
		"SELECT name FROM system.functions":                                                  "quantileTDigest",
		"SELECT DISTINCT arrayJoin(custom.keys) AS keys FROM \"playhead\".\"views\" LIMIT 9": "plan",
	} {
		found, err := texts(db, query)
		if err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
		if !slices.Contains(found, wanted) {
			return fmt.Errorf("%s: %v has no %s", query, found, wanted)
		}
	}
	described, err := db.Query("DESC TABLE \"playhead\".\"views\"")
	if err != nil {
		return err
	}
	defer described.Close()
	columns, err := described.Columns()
	if err != nil || len(columns) != 7 || !described.Next() {
		return fmt.Errorf("DESC TABLE: %v, %w", columns, err)
	}
	return nil
}

// Every kind of column there is, by what the client takes it for.
func types(db *sql.DB) error {
	rows, err := db.Query(`SELECT view_start, video_startup_ms, played_ranges, custom, bitrate_ms, page_load_ms, device, weight
		FROM views WHERE video_id = {id:String} LIMIT 1`, clickhouse.Named("id", "v1"))
	if err != nil {
		return err
	}
	defer rows.Close()
	kinds, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	wanted := []string{
		"DateTime64(3, 'UTC')", "Nullable(UInt32)", "Array(Tuple(UInt32, UInt32))", "Map(String, String)", "UInt64",
		"Nullable(UInt32)", "String", "Float64",
	}
	for at, kind := range kinds {
		if kind.DatabaseTypeName() != wanted[at] {
			return fmt.Errorf("column %d is %s", at, kind.DatabaseTypeName())
		}
	}
	var (
		start   time.Time
		startup *uint32
		ranges  [][]any
		custom  map[string]string
		bitrate uint64
		page    *uint32
		device  string
		weight  float64
	)
	if !rows.Next() {
		return fmt.Errorf("no row: %w", rows.Err())
	}
	if err := rows.Scan(&start, &startup, &ranges, &custom, &bitrate, &page, &device, &weight); err != nil {
		return err
	}
	if time.Since(start) > time.Hour || startup == nil || page != nil || custom["plan"] == "" || weight != 1 || len(ranges) != 1 {
		return fmt.Errorf("%v %v %v %v %v %v %v", start, startup, ranges, custom, bitrate, page, weight)
	}
	return rows.Err()
}

// Whole rows of every table, dictionaries in maps and lists of named tuples among them.
func rows(db *sql.DB) error {
	for _, table := range []string{"views", "events", "sessions", "engagement", "video_days"} {
		rows, err := db.Query("SELECT * FROM " + table)
		if err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
		kinds, err := rows.ColumnTypes()
		if err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
		values := make([]any, len(kinds))
		for at := range values {
			values[at] = new(any)
		}
		read := 0
		for rows.Next() {
			if err := rows.Scan(values...); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
			read++
		}
		rows.Close()
		if rows.Err() != nil || read == 0 {
			return fmt.Errorf("%s: %d rows, %w", table, read, rows.Err())
		}
	}
	return nil
}

func nothing(db *sql.DB) error {
	found, err := texts(db, "SELECT view_id FROM views WHERE 0")
	if err != nil || len(found) != 0 {
		return fmt.Errorf("%v, %w", found, err)
	}
	return nil
}

func stream(db *sql.DB) error {
	rows, err := db.Query(fmt.Sprintf("SELECT number, toLowCardinality(toString(number %% 7)) FROM numbers(%d)", streamed))
	if err != nil {
		return err
	}
	defer rows.Close()
	read := uint64(0)
	for rows.Next() {
		var number uint64
		var text string
		if err := rows.Scan(&number, &text); err != nil {
			return err
		}
		if number != read || text != fmt.Sprint(number%7) {
			return fmt.Errorf("row %d is %d, %s", read, number, text)
		}
		read++
	}
	if rows.Err() != nil || read != streamed {
		return fmt.Errorf("%d rows, %w", read, rows.Err())
	}
	return nil
}

// What goes wrong before the answer, in it, and by the client's own will.
func failures(db *sql.DB) error {
	for query, code := range map[string]int32{
		"SELECT nosuch FROM views":  47,
		"SELECT * FROM view_states": 60,
		"SELECT throwIf(number = 3000000, 'too far') FROM numbers(4000000) SETTINGS max_threads = 1, max_block_size = 65536, limit = 0": 395,
	} {
		_, err := texts(db, query)
		var exception *clickhouse.Exception
		if !errors.As(err, &exception) && !strings.Contains(fmt.Sprint(err), fmt.Sprint("Code: ", code)) {
			return fmt.Errorf("%s: %w", query, err)
		}
		if exception != nil && exception.Code != code {
			return fmt.Errorf("%s: %d is not %d", query, exception.Code, code)
		}
	}
	short, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, err := db.QueryContext(short, "SELECT count() FROM numbers(1000000) AS a, numbers(1000000) AS b WHERE cityHash64(a.number, b.number) = 1")
	if !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("a statement that was left: %w", err)
	}
	return nil
}
