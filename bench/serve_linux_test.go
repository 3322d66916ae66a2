package bench

import (
	"bufio"
	"bytes"
	stdtls "crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	serveTurns  = flag.Int("serve-turns", 9, "how often BenchmarkServe asks each server for a slice of each row")
	serveSlice  = flag.Int("serve-slice", 1500, "how many connections a slice has")
	serveClient = flag.Int("serve-clients", 8, "how many connections are open at a time")
	serveOnly   = flag.String("serve-only", "", "BenchmarkServe measures the rows with this in their names")
	serveWith   = flag.String("serve-binary", "", "the program of this project to measure; empty: that of these sources")
)

// A load is a row of the table: what clients do.
type load struct {
	what    string
	version uint16
	resumed bool
	h2load  []string // in place of connections: requests on open ones
}

var loads = []load{
	{what: "TLS 1.3, full, one request", version: stdtls.VersionTLS13},
	{what: "TLS 1.3, resumed, one request", version: stdtls.VersionTLS13, resumed: true},
	{what: "TLS 1.2, full, one request", version: stdtls.VersionTLS12},
	{what: "TLS 1.2, resumed, one request", version: stdtls.VersionTLS12, resumed: true},
	{what: "HTTP/1.1 on open connections", h2load: []string{"--h1"}},
	{what: "HTTP/2, 10 streams at a time", h2load: []string{"-m", "10"}},
}

// A portion is what a turn has measured.
type portion struct {
	cpu  float64 // µs of the server's processor time for a connection or request
	rate float64 // connections or requests a second
}

// run makes n connections to a daemon, one request on each, and checks what comes.
// The clients are crypto/tls's, for all daemons the same.
func (l *load) run(addr string, n int, caches []stdtls.ClientSessionCache) error {
	each := n / len(caches)
	errs := make([]error, len(caches))
	var wait sync.WaitGroup
	for i, cache := range caches {
		wait.Go(func() {
			for range each {
				if errs[i] = l.connect(addr, cache); errs[i] != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// connect makes one connection as a program does that fetches one thing.
func (l *load) connect(addr string, cache stdtls.ClientSessionCache) error {
	c := &stdtls.Config{
		ServerName: host, RootCAs: roots(), MinVersion: l.version, MaxVersion: l.version,
		CurvePreferences: []stdtls.CurveID{stdtls.X25519, stdtls.CurveP256}, CipherSuites: []uint16{stdtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		NextProtos: []string{"http/1.1"},
	}
	if l.resumed {
		c.ClientSessionCache = cache
	}
	conn, err := stdtls.Dial("tcp", addr, c)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+host+"\r\n\r\n"); err != nil {
		return err
	}
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK || string(body) != page {
		return fmt.Errorf("%s: %q: %w", r.Status, body, err)
	}
	// Last: a session comes before the answer.
	s := conn.ConnectionState()
	aes128 := s.CipherSuite == stdtls.TLS_AES_128_GCM_SHA256 || s.CipherSuite == stdtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
	if s.Version != l.version || s.DidResume != l.resumed || !aes128 || len(s.PeerCertificates) != 2 {
		return fmt.Errorf("%s, %s, resumed %t", stdtls.VersionName(s.Version), stdtls.CipherSuiteName(s.CipherSuite), s.DidResume)
	}
	return nil
}

// warm has each client get its session.
func (l *load) warm(addr string, caches []stdtls.ClientSessionCache) error {
	first := *l
	for _, cache := range caches {
		c := first
		c.resumed = true // to have the session kept
		if err := c.connect(addr, cache); err != nil && !strings.HasSuffix(err.Error(), "resumed false") {
			return err
		}
	}
	return nil
}

// measure has a daemon serve a slice of the load.
func (l *load) measure(p *process, n int) (s portion, err error) {
	if l.h2load != nil {
		return l.requests(p, n*10)
	}
	caches := make([]stdtls.ClientSessionCache, *serveClient)
	for i := range caches {
		caches[i] = stdtls.NewLRUClientSessionCache(1)
	}
	if l.resumed {
		if err := l.warm(p.addr, caches); err != nil {
			return s, err
		}
	}
	n = n / len(caches) * len(caches)
	return p.portion(n, func() (time.Duration, error) {
		from := time.Now()
		err := l.run(p.addr, n, caches)
		return time.Since(from), err
	})
}

// portion measures what a daemon needs for n of something.
func (p *process) portion(n int, do func() (time.Duration, error)) (s portion, err error) {
	before, err := p.cpu()
	if err != nil {
		return s, err
	}
	took, err := do()
	if err != nil {
		return s, fmt.Errorf("%s: %w\n%s", p.name, err, p.said)
	}
	after, err := p.cpu()
	return portion{cpu: float64((after - before).Nanoseconds()) / 1e3 / float64(n), rate: float64(n) / took.Seconds()}, err
}

// requests has h2load ask on open connections.
func (l *load) requests(p *process, n int) (portion, error) {
	n = n / *serveClient * *serveClient
	args := append([]string{"-t", "1", "-n", strconv.Itoa(n), "-c", strconv.Itoa(*serveClient),
		"--header", ":authority: " + host, "--connect-to", p.addr}, l.h2load...)
	_, port, _ := net.SplitHostPort(p.addr)
	return p.portion(n, func() (time.Duration, error) {
		from := time.Now()
		var out bytes.Buffer
		command := exec.Command("h2load", append(args, "https://"+host+":"+port+"/")...)
		command.Stdout, command.Stderr = &out, &out
		err := startOn(command, 0)
		if err == nil {
			err = command.Wait()
		}
		took := time.Since(from)
		if want := fmt.Sprintf("%d succeeded, 0 failed", n); err == nil && !bytes.Contains(out.Bytes(), []byte(want)) {
			err = fmt.Errorf("h2load: %s", &out)
		}
		return took, err
	})
}

// A serveTable is what BenchmarkServe prints.
type serveTable struct {
	folder  string
	running []*process
	rows    map[string]map[string][]portion // by load and daemon
	notes   []string
}

// BenchmarkServe has handsel serve and servers of others serve the same small
// file with the same certificate to the same clients in turns, each on a processor
// of its own, and prints one table: processor time for a connection, and requests
// a second.
func BenchmarkServe(b *testing.B) {
	// The clients have the first processor, the servers the last.
	if err := pinAll(0); err != nil {
		b.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range b.N {
		t := &serveTable{folder: b.TempDir()}
		if err := t.run(*serveTurns, *serveSlice); err != nil {
			b.Fatal(err)
		}
		text := t.String()
		fmt.Printf("\n%s\n", text)
		if *update {
			if err := os.WriteFile("serve.txt", []byte(text), 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// buildHandsel gives the path of this project's program.
func buildHandsel(folder string) (string, error) {
	if *serveWith != "" {
		return *serveWith, nil
	}
	path := filepath.Join(folder, "handsel-program")
	if out, err := exec.Command("go", "build", "-o", path, "../cmd/handsel").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
}

// path finds the program of a daemon; empty: it is not installed.
func (d daemon) path(folder string) (string, error) {
	if d.program == "handsel" {
		return buildHandsel(folder)
	}
	path, err := exec.LookPath(d.program)
	if errors.Is(err, exec.ErrNotFound) {
		return "", nil
	}
	return path, err
}

// run starts the daemons and measures.
func (t *serveTable) run(turns, n int) error {
	s := served{folder: t.folder}
	if err := s.writeCertificates([]string{host}); err != nil {
		return err
	}
	defer func() {
		for _, p := range t.running {
			p.stop()
		}
	}()
	last := runtime.NumCPU() - 1
	for _, d := range daemons {
		path, err := d.path(t.folder)
		if err != nil {
			return err
		}
		if path == "" {
			t.notes = append(t.notes, d.name+" is left out: it is not installed.")
			continue
		}
		p, err := d.start(path, s, last)
		if err != nil {
			return err
		}
		t.running = append(t.running, p)
	}
	t.rows = map[string]map[string][]portion{}
	for _, l := range loads {
		if !strings.Contains(l.what, *serveOnly) {
			continue
		}
		if _, err := exec.LookPath("h2load"); l.h2load != nil && err != nil {
			t.notes = append(t.notes, l.what+" is left out: h2load is not installed.")
			continue
		}
		t.rows[l.what] = map[string][]portion{}
		for turn := range turns + 1 { // the first is dropped
			for i := range t.running {
				p := t.running[(i+turn)%len(t.running)]
				one, err := l.measure(p, n)
				if err != nil {
					return err
				}
				if turn > 0 {
					t.rows[l.what][p.name] = append(t.rows[l.what][p.name], one)
				}
			}
		}
	}
	return nil
}

func medianOf(all []portion, of func(portion) float64) float64 {
	var list []float64
	for _, s := range all {
		list = append(list, of(s))
	}
	slices.Sort(list)
	return list[len(list)/2]
}

func (t *serveTable) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n\n%-34s", machine(), "µs of processor time for each")
	for _, p := range t.running {
		fmt.Fprintf(&s, " %10s", p.name)
	}
	s.WriteString("\n")
	for _, l := range loads {
		row := t.rows[l.what]
		if row == nil {
			continue
		}
		for _, kind := range []struct {
			what string
			of   func(portion) float64
		}{{l.what, func(s portion) float64 { return s.cpu }}, {"  a second", func(s portion) float64 { return s.rate }}} {
			fmt.Fprintf(&s, "%-34s", kind.what)
			for _, p := range t.running {
				fmt.Fprintf(&s, " %10.0f", medianOf(row[p.name], kind.of))
			}
			s.WriteString("\n")
		}
		if l.h2load == nil {
			fmt.Fprintf(&s, "  %s\n", t.place(row))
		}
	}
	if len(t.notes) > 0 {
		s.WriteString("\n")
	}
	for _, n := range t.notes {
		s.WriteString(n + "\n")
	}
	return s.String()
}

// place says whether handsel is where it should be: first. Ratios are those within
// turns, because what slows the machine slows all of a turn.
func (t *serveTable) place(row map[string][]portion) string {
	text, first := "handsel, by turns:", true
	for _, p := range t.running {
		if p.name == "handsel" {
			continue
		}
		var ratios []float64
		for i, s := range row[p.name] {
			ratios = append(ratios, row["handsel"][i].cpu/s.cpu)
		}
		slices.Sort(ratios)
		median := ratios[len(ratios)/2]
		text += fmt.Sprintf(" %.2f of %s,", median, p.name)
		first = first && median <= 1
	}
	return strings.TrimSuffix(text, ",") + "; reach first: " + map[bool]string{true: "met", false: "missed"}[first]
}

// TestServed runs each load with every server that is installed: what the benchmark
// measures works. So does BenchmarkMany, for as many bindings as a test has time
// for.
func TestServed(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a program and starts servers")
	}
	table := &serveTable{folder: t.TempDir()}
	if err := table.run(1, 16); err != nil {
		t.Fatal(err)
	}
	for what, row := range table.rows {
		for _, p := range table.running {
			if all := row[p.name]; len(all) != 1 || all[0].cpu <= 0 || all[0].rate <= 0 {
				t.Errorf("%s, %s: %+v", what, p.name, all)
			}
		}
	}
	if len(table.rows)+len(table.notes) < len(loads) || !strings.Contains(table.String(), "reach first") {
		t.Error(table.String())
	}
	var text strings.Builder
	if err := startAll(&text, t.TempDir(), 20); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(text.String()), "\n"); len(lines) != len(daemons)+1 {
		t.Error(text.String())
	} else {
		for _, line := range lines {
			fields := strings.Fields(line)
			if _, err := strconv.ParseFloat(fields[len(fields)-1], 64); err != nil && !strings.HasSuffix(line, "is not installed") {
				t.Error(line)
			}
		}
	}
}
