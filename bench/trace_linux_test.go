package bench

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

var traceTurns = flag.Int("turns", 3, "how often BenchmarkTrace has each program read the capture")

// A program reads a capture.
type program struct {
	name string
	args []string // the capture's name follows
	// hellos gives how many ClientHellos a line of its output is about.
	hellos func(line []byte) int
}

// tracePrograms are what this project's program is asked for. The first is measured
// against what was set as a reach.
var tracePrograms = []program{
	{"handsel trace --json", []string{"trace", "--json"}, func(l []byte) int { return bytes.Count(l, []byte(`"name":"ClientHello"`)) }},
	{"handsel trace -v", []string{"trace", "-v"}, func(l []byte) int { return bytes.Count(l, []byte("  ClientHello  ")) }},
	{"handsel trace", []string{"trace"}, nil},
}

// otherPrograms are those of others. tshark prints some fields of each handshake
// message, ssldump what it says of each record.
var otherPrograms = []program{
	{"tshark", []string{
		"-n", "-o", "tcp.reassemble_out_of_order:TRUE", "-Y", "tls.handshake || tls.alert_message", "-T", "fields",
		"-e", "tls.handshake.type", "-e", "tcp.stream", "-e", "tls.handshake.ciphersuite", "-e", "tls.handshake.extensions_server_name",
		"-e", "tls.alert_message.desc", "-r",
	}, func(l []byte) (n int) {
		types, _, _ := bytes.Cut(l, []byte("\t"))
		for t := range bytes.SplitSeq(types, []byte(",")) {
			if string(t) == "1" {
				n++
			}
		}
		return n
	}},
	{"ssldump", []string{"-n", "-r"}, func(l []byte) int { return bytes.Count(l, []byte("ClientHello")) }},
}

// A run is what a program took to read a capture.
type run struct {
	wall, cpu time.Duration
	peak      int64 // bytes of memory
}

// measure runs a program on a capture. Its output goes nowhere.
func measure(path string, p program, capture string) (r run, err error) {
	c := exec.Command(path, append(slices.Clone(p.args), capture)...)
	start := time.Now()
	if err := c.Run(); err != nil {
		return r, fmt.Errorf("%s: %w", p.name, err)
	}
	r.wall = time.Since(start)
	r.cpu = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	r.peak = c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	return r, nil
}

// hellosOf counts the ClientHellos that a program shows.
func hellosOf(path string, p program, capture string) (n int, err error) {
	if p.hellos == nil {
		return 0, nil
	}
	c := exec.Command(path, append(slices.Clone(p.args), capture)...)
	out, err := c.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := c.Start(); err != nil {
		return 0, err
	}
	in := bufio.NewReaderSize(out, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		n += p.hellos(line)
		if errors.Is(err, io.EOF) {
			return n, c.Wait()
		}
		if err != nil {
			return n, errors.Join(err, c.Wait())
		}
	}
}

// A traceRow is a line of the table.
type traceRow struct {
	program
	path   string
	runs   []run
	hellos int
}

// median gives what lies in the middle of the runs.
func (r *traceRow) median(of func(run) float64) float64 {
	var all []float64
	for _, one := range r.runs {
		all = append(all, of(one))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func wall(r run) float64   { return r.wall.Seconds() }
func cpu(r run) float64    { return r.cpu.Seconds() }
func memory(r run) float64 { return float64(r.peak) / 1e6 }

// BenchmarkTrace has handsel trace and programs of others read the same large
// capture in turns, and prints one table: time, and memory of each as a process.
func BenchmarkTrace(b *testing.B) {
	for range b.N {
		t := &traceTable{folder: b.TempDir()}
		if err := t.make(); err != nil {
			b.Fatal(err)
		}
		if err := t.run(); err != nil {
			b.Fatal(err)
		}
		text := t.String()
		fmt.Printf("\n%s\n", text)
		if *update {
			if err := os.WriteFile("trace.txt", []byte(text), 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// A traceTable is what BenchmarkTrace prints.
type traceTable struct {
	folder  string
	capture string
	made    Made
	rows    []*traceRow
	notes   []string
}

// make writes the capture, and finds the programs.
func (t *traceTable) make() error {
	handsel := filepath.Join(t.folder, "handsel")
	if out, err := exec.Command("go", "build", "-o", handsel, "../cmd/handsel").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	for _, p := range tracePrograms {
		t.rows = append(t.rows, &traceRow{program: p, path: handsel})
	}
	for _, p := range otherPrograms {
		path, err := exec.LookPath(p.name)
		if err != nil {
			t.notes = append(t.notes, p.name+" is left out: it is not installed.")
			continue
		}
		t.rows = append(t.rows, &traceRow{program: p, path: path})
	}
	t.capture = filepath.Join(t.folder, "capture.pcapng")
	f, err := os.Create(t.capture)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	t.made, err = WriteCapture(out, *captureCount)
	return errors.Join(err, out.Flush(), f.Close())
}

// run measures.
func (t *traceTable) run() (err error) {
	for _, r := range t.rows {
		if r.hellos, err = hellosOf(r.path, r.program, t.capture); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	for range *traceTurns {
		for _, r := range t.rows {
			one, err := measure(r.path, r.program, t.capture)
			if err != nil {
				return err
			}
			r.runs = append(r.runs, one)
		}
	}
	first := t.rows[0]
	t.reach("the whole story to JSON in under 0.5 s", first.median(wall) < 0.5)
	t.reach("in less than 100 MB", first.median(memory) < 100)
	const times = 10
	large := filepath.Join(t.folder, "large.pcapng")
	if err := writeAgain(large, t.capture, times); err != nil {
		return err
	}
	one, err := measure(first.path, first.program, large)
	if err != nil {
		return err
	}
	// A longer run meets higher peaks between two garbage collections, by a tenth or two.
	ratio := memory(one) / first.median(memory)
	t.reach(fmt.Sprintf("%d times the file, the same memory (%s: %.2f s, %.0f MB, %.2f of it)", times, first.name, wall(one), memory(one), ratio), ratio < 1.25)
	return nil
}

func (t *traceTable) reach(what string, met bool) {
	t.notes = append(t.notes, "reach: "+what+": "+map[bool]string{true: "met", false: "missed"}[met])
}

func (t *traceTable) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s; %s\n", machine(), versionsOf(t.rows))
	fmt.Fprintf(&s, "%d connections, %d fail, %d packets, %.0f MB; the median of %d turns\n\n", t.made.Connections, t.made.Failed, t.made.Packets, float64(t.made.Bytes)/1e6, *traceTurns)
	fmt.Fprintf(&s, "%-22s %9s %9s %9s %14s %12s %14s\n", "", "seconds", "CPU s", "MB/s", "handshakes/s", "peak MB", "ClientHellos")
	for _, r := range t.rows {
		hellos := ""
		if r.program.hellos != nil {
			hellos = fmt.Sprint(r.hellos)
		}
		seconds := r.median(wall)
		line := fmt.Sprintf("%-22s %9.2f %9.2f %9.0f %14.0f %12.0f %14s", r.name, seconds, r.median(cpu),
			float64(t.made.Bytes)/1e6/seconds, float64(t.made.Connections)/seconds, r.median(memory), hellos)
		s.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	s.WriteString("\n")
	for _, n := range t.notes {
		s.WriteString(n + "\n")
	}
	return s.String()
}

// versionsOf gives the first line that each program of others prints of itself.
func versionsOf(rows []*traceRow) string {
	var all []string
	for _, r := range rows[len(tracePrograms):] {
		out, _ := exec.Command(r.path, "-v").CombinedOutput() // ssldump has an exit code for it
		for line := range strings.Lines(string(out)) {
			if strings.Contains(strings.ToLower(line), r.name) {
				all = append(all, strings.TrimSpace(line))
				break
			}
		}
	}
	return strings.Join(all, ", ")
}

// TestMeasure runs all programs that there are on a small capture: each has to see
// it.
func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a program")
	}
	const connections = 200
	defer func(n, m int) { *captureCount, *traceTurns = n, m }(*captureCount, *traceTurns)
	*captureCount, *traceTurns = connections, 1
	table := &traceTable{folder: t.TempDir()}
	if err := table.make(); err != nil {
		t.Fatal(err)
	}
	if err := table.run(); err != nil {
		t.Fatal(err)
	}
	retried := table.made.ByTalk["TLS 1.3, HelloRetryRequest"]
	for _, r := range table.rows {
		if want := connections + retried; r.program.hellos != nil && (r.hellos > want || r.hellos < connections*9/10 || r.path == table.rows[0].path && r.hellos != want) {
			t.Errorf("%s shows %d ClientHellos of %d", r.name, r.hellos, want)
		}
		if one := r.runs[0]; one.wall <= 0 || one.cpu <= 0 || one.peak < 1e6 {
			t.Errorf("%s: %+v", r.name, one)
		}
	}
	if text := table.String(); strings.Count(text, "\n") < len(table.rows)+5 {
		t.Error(text)
	}
}
