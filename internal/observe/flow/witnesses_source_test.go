package flow_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// wantedSituations are those that there has to be a witness of.
var wantedSituations = []string{
	"SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3", "resumed in TLS 1.2", "resumed in TLS 1.3", "HelloRetryRequest",
	"early data accepted", "early data refused", "client certificate", "renegotiation", "after the handshake", "ECH accepted", "ECH not accepted", "hello of SSL 2.0",
}

// situationsOf says what an end is a witness of.
func situationsOf(w *tlstest.Witness) (list []string) {
	r := &w.Record
	add := func(what string, is bool) {
		if is {
			list = append(list, what)
		}
	}
	shown := false
	for _, s := range r.Steps {
		if s.Kind != trace.Sent && s.Kind != trace.Received {
			continue
		}
		shown = shown || s.Name == iana.MsgCertificate.String() && (s.Kind == trace.Sent) == (w.Side == trace.Client)
	}
	add(r.Version.String(), r.Failure == nil)
	add("resumed in "+r.Version.String(), r.Resumed)
	add("HelloRetryRequest", r.Retried)
	add("early data accepted", r.EarlyData && r.EarlyWhy == 0 && r.Failure == nil)
	add("early data refused", r.EarlyData && r.EarlyWhy != 0)
	add("client certificate", shown)
	add("renegotiation", r.Version != 0 && r.Version < iana.TLS13 && changes(spoken(w, trace.Client)) > 1)
	add("after the handshake", r.After)
	add("ECH accepted", r.ECH == trace.ECHAccepted)
	add("ECH not accepted", r.ECH != 0 && r.ECH != trace.ECHAccepted)
	b := spoken(w, trace.Client)
	add("hello of SSL 2.0", b[0]&0x80 != 0 && b[2] == 1 && b[3] == 3)
	return list
}

// changes counts the ChangeCipherSpecs of a side.
func changes(b []byte) (n int) {
	for len(b) >= 5 {
		if b[0] == byte(iana.ContentChangeCipherSpec) {
			n++
		}
		b = b[min(len(b), 5+int(binary.BigEndian.Uint16(b[3:]))):]
	}
	return n
}

// spoken gives what a side has said.
func spoken(w *tlstest.Witness, side trace.Side) (all []byte) {
	for _, s := range w.Said {
		if s.From == side {
			all = append(all, s.Bytes...)
		}
	}
	return all
}

// witnesses runs the tests of the engine, once.
func witnesses(t *testing.T) []*tlstest.Witness {
	if testing.Short() {
		t.Skip("it runs the tests of another package")
	}
	list, err := runWitnesses()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

var runWitnesses = sync.OnceValues(func() (list []*tlstest.Witness, err error) {
	folder, err := os.MkdirTemp("", "witnesses")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "witnesses")
	c := exec.Command("go", "test", "-count=1", "github.com/handsel-tls/handsel/internal/protocol/engine")
	c.Env = append(os.Environ(), "HANDSEL_WITNESSES="+path)
	if out, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d := json.NewDecoder(bufio.NewReader(f))
	for {
		w := new(tlstest.Witness)
		if err := d.Decode(w); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, err
		}
		list = append(list, w)
	}
})

// TestTsharkWitnesses has tshark read these connections, with their keys: those that
// succeeded, as the server has seen them.
func TestTsharkWitnesses(t *testing.T) {
	program := needTshark(t)
	capture := filepath.Join(t.TempDir(), "capture.pcapng")
	f, err := os.Create(capture)
	if err != nil {
		t.Fatal(err)
	}
	out := pcap.NewWriter(f, nil)
	var keys strings.Builder
	chosen := 0
	for _, w := range witnesses(t) {
		if w.Record.Failure != nil || w.Cut || w.Side != trace.Server || bypassed(w) || beyondTshark(&w.Record) {
			continue
		}
		chosen++
		c := synth.New(fmt.Sprintf("192.0.2.1:%d", 10000+chosen), "198.51.100.1:443", func(p *pcap.Packet) {
			if err := out.Write(p); err != nil {
				t.Fatal(err)
			}
		})
		c.Time += int64(chosen) * 1e9
		play(c, w)
		keys.WriteString(w.Keys)
	}
	if err := errors.Join(out.Flush(), f.Close(), os.WriteFile(capture+".keys", []byte(keys.String()), 0o600)); err != nil {
		t.Fatal(err)
	}
	n := differ(t, program, capture, capture+".keys", nil)
	t.Logf("%d connections, %d values", chosen, n)
	if chosen < 700 || n < 100000 {
		t.Error("those are too few")
	}
}

// beyondTshark reports whether tshark 4.0 does not decrypt all of a connection: with
// Encrypted Client Hello, some suites with pre-shared keys, and what follows the
// first authentication after the handshake.
func beyondTshark(r *trace.Record) bool {
	return r.ECH == trace.ECHAccepted || r.After || strings.Contains(r.Suite.String(), "_PSK_")
}

// bypassed reports whether a test has carried a hello itself, so that it was not
// seen.
func bypassed(w *tlstest.Witness) bool {
	saidClient, saidServer := spoken(w, trace.Client), spoken(w, trace.Server)
	random := func(hello []byte) []byte {
		if len(hello) < 38 {
			return nil
		}
		return hello[6:38]
	}
	client, server := random(w.Record.ClientHello), random(w.Record.ServerHello)
	if w.Record.ECH != 0 || w.Record.Version == iana.SSL20 { // the hello that is kept is another one
		client = nil
	}
	if steps := w.Record.Steps; w.Side == trace.Server && slices.IndexFunc(steps, func(s trace.Step) bool { return s.Kind == trace.Received && s.Name != "client_hello" }) == 0 {
		return true // something that is no TLS to anybody who does not know better
	}
	if len(saidClient) < 6 || w.Record.ECH != 0 && saidClient[5] != byte(iana.MsgClientHello) {
		return true
	}
	if w.Record.Retried && client != nil && bytes.Count(saidClient, client) < 2 {
		return true
	}
	return !bytes.Contains(saidClient, client) || !bytes.Contains(saidServer, server)
}
