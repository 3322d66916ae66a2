package admin

import (
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/internal/serve/store"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// serveFolder names the data folder that a process of this test serves until it
// is killed.
const serveFolder = "HANDSEL_TEST_SERVE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveFolder); dir != "" {
		fmt.Fprintln(os.Stderr, serveUntilKilled(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func serveUntilKilled(dir string) error {
	data, err := assemble.Open(dir)
	if err != nil {
		return err
	}
	e := New(data, nil, endpoint.New(endpoint.Options{}).Apply)
	if _, err := e.Load(); err != nil {
		return err
	}
	if _, err := e.Listen(filepath.Join(dir, SocketFile)); err != nil {
		return err
	}
	select {}
}

// start starts a server as a process.
func start(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), serveFolder+"="+dir)
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// A ledger is what the store has to hold: the record sizes of bindings, which
// tell one writing from another, and the certificates.
type ledger struct {
	sizes map[string]uint16
	certs []string
}

func (l ledger) equal(other ledger) bool {
	return maps.Equal(l.sizes, other.sizes) && slices.Equal(l.certs, other.certs)
}

func (l ledger) clone() ledger { return ledger{maps.Clone(l.sizes), slices.Clone(l.certs)} }

// held reads what a store holds. Each private key has to open.
func held(t *testing.T, c *Client) ledger {
	t.Helper()
	l := ledger{sizes: map[string]uint16{}}
	var list BindingList
	if err := c.Do("GET", "/v1/bindings", nil, &list); err != nil {
		t.Fatal(err)
	}
	for _, b := range list.Bindings {
		l.sizes[b.On] = b.RecordSize
	}
	var all CertificateList
	if err := c.Do("GET", "/v1/certificates", nil, &all); err != nil {
		t.Fatal(err)
	}
	for _, one := range all.Certificates {
		name := string(one.Thumbprint)
		if err := c.Do("POST", "/v1/certificates/"+name+"/export", Export{Key: true}, &Exported{}); err != nil {
			t.Fatal(err)
		}
		l.certs = append(l.certs, name)
	}
	slices.Sort(l.certs)
	return l
}

// writer makes one change after the other, until the server is gone.
type writer struct {
	*Client
	port   uint16
	random *rand.Rand
	pems   map[string][]byte // certificates with keys, by thumbprint
	was    ledger            // before the change that was not confirmed
	is     ledger            // after it
}

// write makes a change, and gives the error if it was not confirmed.
func (w *writer) write() error {
	w.is = w.was.clone()
	on := fmt.Sprintf("n%d.localhost:%d", w.random.IntN(12), w.port)
	size := uint16(1000 + w.random.IntN(10000))
	_, there := w.was.sizes[on]
	var err error
	switch what := w.random.IntN(6); {
	case what == 0: // all at once
		var all store.Contents
		for key := range w.is.sizes {
			w.is.sizes[key] = size
			all.Bindings = append(all.Bindings, config.Binding{On: key, Reject: true, RecordSize: size})
		}
		err = w.Do("POST", "/v1/apply", Application{Contents: all}, nil)
	case what == 1:
		thumbprint := slices.Sorted(maps.Keys(w.pems))[w.random.IntN(len(w.pems))]
		if i, ok := slices.BinarySearch(w.is.certs, thumbprint); ok {
			w.is.certs = slices.Delete(w.is.certs, i, i+1)
			err = w.Do("DELETE", "/v1/certificates/"+thumbprint, nil, nil)
		} else {
			w.is.certs = slices.Insert(w.is.certs, i, thumbprint)
			err = w.Do("POST", "/v1/certificates", Import{Files: []certs.Source{{Name: "one.pem", Data: w.pems[thumbprint]}}}, nil)
		}
	case !there:
		w.is.sizes[on] = size
		err = w.Do("POST", "/v1/bindings", config.Binding{On: on, Reject: true, RecordSize: size}, nil)
	case what == 2:
		delete(w.is.sizes, on)
		err = w.Do("DELETE", "/v1/bindings/"+url.PathEscape(on), nil, nil)
	default:
		w.is.sizes[on] = size
		err = w.Do("PATCH", "/v1/bindings/"+url.PathEscape(on), map[string]any{"record_size_limit": size}, nil)
	}
	if err == nil {
		w.was = w.is
	}
	return err
}

// somePEMs makes certificates with their keys.
func somePEMs(t *testing.T, n int) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	root := tlstest.Root()
	for i := range n {
		key := tlstest.NewKey("P-256")
		der := root.Leaf(key, []string{fmt.Sprintf("c%d.localhost", i)}, nil)[0]
		private, err := sign.MarshalPrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
		pair, _, err := certs.Read(certs.Options{}, certs.Source{Name: "one.pem", Data: text})
		if err != nil {
			t.Fatal(err)
		}
		all[string(certs.ThumbprintOf(pair.Leaf()))] = text
	}
	return all
}

// running waits for the socket of a server.
func running(t *testing.T, dir string) *Client {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("unix", filepath.Join(dir, SocketFile))
		if err != nil {
			continue
		}
		conn.Close()
		c, err := Dial(dir)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	t.Fatal("the server does not start")
	return nil
}

// A server is killed again and again while it writes. Whatever it has confirmed is
// there afterwards, and of what it has not all of it or nothing.
func TestKilledWhileWriting(t *testing.T) {
	rounds := 30
	if testing.Short() {
		rounds = 5
	}
	dir := t.TempDir()
	w := &writer{port: freePort(t), random: rand.New(rand.NewPCG(7, uint64(os.Getpid()))), pems: somePEMs(t, 6)}
	w.was.sizes, w.is.sizes = map[string]uint16{}, map[string]uint16{}
	confirmed, undone, done := 0, 0, 0
	for range rounds {
		server := start(t, dir)
		w.Client = running(t, dir)
		switch got := held(t, w.Client); {
		case got.equal(w.was) && got.equal(w.is):
		case got.equal(w.was):
			undone++
		case got.equal(w.is):
			done++
			w.was = w.is
		default:
			t.Fatalf("the store holds\n%v, and should hold\n%v, or what was being written,\n%v", got, w.was, w.is)
		}
		timer := time.AfterFunc(time.Duration(w.random.IntN(60_000))*time.Microsecond, func() { server.Process.Kill() })
		for w.write() == nil {
			confirmed++
		}
		timer.Stop()
		server.Process.Kill()
		server.Wait()
		w.Close()
	}
	if confirmed < rounds {
		t.Errorf("%d changes in %d rounds: the test tries nothing", confirmed, rounds)
	}
	t.Logf("%d changes confirmed; of those that were cut off %d came about and %d did not", confirmed, done, undone)
}

// A server that is killed while it makes its data folder is started again.
func TestKilledAtTheFirstStart(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 4
	}
	dir := t.TempDir()
	for i := range rounds {
		folder := filepath.Join(dir, fmt.Sprint(i))
		server := start(t, folder)
		time.Sleep(time.Duration(rand.IntN(40_000)) * time.Microsecond)
		server.Process.Kill()
		server.Wait()
		data, err := assemble.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		if err := data.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A server that runs is not disturbed by one that is started beside it.
func TestSecondServer(t *testing.T) {
	dir := t.TempDir()
	first := start(t, dir)
	defer func() { first.Process.Kill(); first.Wait() }()
	c := running(t, dir)
	defer c.Close()
	second := exec.Command(os.Args[0])
	second.Env = append(os.Environ(), serveFolder+"="+dir)
	second.Stderr = io.Discard
	if err := second.Run(); err == nil {
		t.Error("two servers have one folder")
	}
	if err := c.Do("GET", "/v1/bindings", nil, &BindingList{}); err != nil {
		t.Error(err)
	}
}
