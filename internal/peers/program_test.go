package peers

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

// patience is how long anything may take before the test gives up. The machines
// that run this are slow and busy at times; nothing waits that long when all is
// well.
const patience = 30 * time.Second

// withParent has a program end when the tests do, where the system can.
var withParent = func(*exec.Cmd) {}

// mostOutput is how much a program may say, in bytes.
const mostOutput = 64 << 20

// packages are where the programs are found on Debian and its descendants.
var packages = map[string]string{
	"openssl":     "openssl",
	"gnutls-cli":  "gnutls-bin",
	"gnutls-serv": "gnutls-bin",
	"certutil":    "libnss3-tools",
	"pk12util":    "libnss3-tools",
	"tstclnt":     "libnss3-tools",
	"selfserv":    "libnss3-tools",
	"curl":        "curl",
	"nginx":       "nginx-light",
	"node":        "nodejs",
	"python3":     "python3",
	"chromium":    "chromium",
	"sslscan":     "sslscan",
	"testssl":     "testssl.sh",
	"java":        "openjdk-17-jdk-headless",
	"javac":       "openjdk-17-jdk-headless",
}

// elsewhere are folders outside PATH where distributions put some of them.
var elsewhere = []string{"/usr/lib/nss/unsupported-tools", "/usr/lib64/nss/unsupported-tools"}

// need gives the path of a program, or skips the test. With
// HANDSEL_PEERS=required it fails it.
func need(t *testing.T, program string) string {
	t.Helper()
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	for _, folder := range elsewhere {
		if path, err := exec.LookPath(folder + "/" + program); err == nil {
			return path
		}
	}
	const form = "%s is not installed: apt-get install %s"
	if os.Getenv("HANDSEL_PEERS") == "required" {
		t.Fatalf(form, program, packages[program])
	}
	t.Skipf(form, program, packages[program])
	return ""
}

// A process is a program of others that runs for one test. It is killed when
// the test ends, and all it said is shown if the test failed.
type process struct {
	t       *testing.T
	line    string // the command line, for messages
	command *exec.Cmd
	input   io.WriteCloser
	exited  chan struct{}
	err     error // of Wait; to be read after exited

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every output
	out     []byte        // standard output
	all     []byte        // standard output and error, as they came
}

// start runs a program that is killed at the end of the test.
func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	return startWith(t, nil, program, args...)
}

// startWith runs a program with variables added to its environment.
func startWith(t *testing.T, environment []string, program string, args ...string) *process {
	t.Helper()
	p := &process{
		t: t, line: program + " " + strings.Join(args, " "),
		command: exec.Command(need(t, program), args...),
		exited:  make(chan struct{}), changed: make(chan struct{}),
	}
	withParent(p.command)
	p.command.Env = append(os.Environ(), environment...)
	p.command.Stdout = sink{p, true}
	p.command.Stderr = sink{p, false}
	p.command.WaitDelay = time.Second // for what it started and left behind
	var err error
	if p.input, err = p.command.StdinPipe(); err == nil {
		err = p.command.Start()
	}
	if err != nil {
		t.Fatalf("%s: %v", p.line, err)
	}
	go func() {
		p.err = p.command.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("$ %s\n%s", p.line, shorten(p.said()))
		}
	})
	return p
}

// A sink keeps what a process says.
type sink struct {
	p        *process
	standard bool
}

func (s sink) Write(b []byte) (int, error) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	if len(s.p.all) > mostOutput {
		return 0, errors.New("the program says too much") // and dies of a broken pipe
	}
	s.p.all = append(s.p.all, b...)
	if s.standard {
		s.p.out = append(s.p.out, b...)
	}
	close(s.p.changed)
	s.p.changed = make(chan struct{})
	return len(b), nil
}

// said gives all the output so far.
func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.all)
}

// printed gives the standard output so far.
func (p *process) printed() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.out)
}

// within asks again and again until ready reports true, and reports whether it
// did before the process ended or patience did.
func (p *process) within(ready func() bool) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ready() {
			return true
		}
		select {
		case <-p.exited:
			return false
		default:
		}
	}
	return false
}

// until waits until enough reports true of the standard output and of all
// output, and reports whether it did before the process ended or patience did.
func (p *process) until(enough func(out, all []byte) bool) bool {
	timeout := time.After(patience)
	for {
		p.mu.Lock()
		ok, changed := enough(p.out, p.all), p.changed
		p.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-timeout:
			return false
		case <-p.exited: // with the last output written
			p.mu.Lock()
			defer p.mu.Unlock()
			return enough(p.out, p.all)
		}
	}
}

// expect waits until the output, standard or error, matches the pattern, and
// gives the submatches.
func (p *process) expect(pattern string) []string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	var found []string
	if !p.until(func(_, all []byte) bool {
		found = re.FindStringSubmatch(string(all))
		return found != nil
	}) {
		p.t.Fatalf("%s did not say %q", p.command.Args[0], pattern)
	}
	return found
}

// send writes to the standard input.
func (p *process) send(s string) {
	p.t.Helper()
	if _, err := io.WriteString(p.input, s); err != nil {
		p.t.Fatalf("writing to %s: %v", p.command.Args[0], err)
	}
}

// finish closes the standard input and waits for the process to end.
func (p *process) finish() error {
	p.t.Helper()
	p.input.Close()
	return p.wait()
}

// wait waits for the process to end and gives the error of a status that is
// not zero.
func (p *process) wait() error {
	p.t.Helper()
	select {
	case <-p.exited:
		return p.err
	case <-time.After(patience):
		p.t.Fatalf("%s did not end", p.command.Args[0])
		return nil
	}
}

// kill ends the process at once, without a word to its peer.
func (p *process) kill() {
	select {
	case <-p.exited:
		return
	default:
	}
	p.command.Process.Kill() // fails only if it has just ended
	<-p.exited
}

// run runs a program to its end and gives its output. It fails the test if the
// program fails.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	p := start(t, program, args...)
	if err := p.finish(); err != nil {
		t.Fatalf("%s: %v", p.line, err)
	}
	return p.said()
}

// freePort gives a port on 127.0.0.1 that was free a moment ago, for programs
// that cannot choose one themselves.
func freePort(t *testing.T) string {
	t.Helper()
	port, err := tlstest.Port()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// startServer starts a program that listens on a port it is told, until it says
// that it is ready. Another may take the port meanwhile; then it tries again.
func startServer(t *testing.T, s setup, ready string, command func(port string) []string) (p *process, address string) {
	t.Helper()
	re := regexp.MustCompile(ready)
	for range 3 {
		port := freePort(t)
		args := command(port)
		p = startWith(t, s.environment, args[0], args[1:]...)
		if p.until(func(_, all []byte) bool { return re.Match(all) }) {
			return p, "127.0.0.1:" + port
		}
		p.kill()
	}
	t.Fatalf("%s did not say %q", p.command.Args[0], ready)
	return nil, ""
}

// shorten leaves out the middle of a long text.
func shorten(s string) string {
	const most = 8 << 10
	s = strings.ToValidUTF8(s, "?")
	if len(s) <= most {
		return s
	}
	return s[:most/2] + "\n[...]\n" + s[len(s)-most/2:]
}

// contains is for until.
func contains(text string) func(out, all []byte) bool {
	return func(_, all []byte) bool { return bytes.Contains(all, []byte(text)) }
}
