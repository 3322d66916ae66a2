package flow_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// captures is where the captures with ground truth are, from this directory.
const captures = "../../../../shared/captures"

// truth is what tshark says of a capture.
type truth struct {
	Streams []struct {
		Stream       int
		Messages     []string
		Version      string
		Cipher       string
		ClientHellos []helloTruth `json:"client_hellos"`
		ServerHellos []helloTruth `json:"server_hellos"`
	}
}

type helloTruth struct {
	Frame          int
	Extensions     []int
	SNI            string
	Ciphers        []string
	Cipher         string
	HRR            bool
	JA3, JA4, JA3S string
}

// judged are the captures in which this package and tshark disagree, and why.
var judged = map[string]string{
	"gen__bad-handshake-16mb.pcap":                                 "a ClientHello that claims 16 MB: tshark calls it encrypted",
	"gen__bad-record-too-long.pcap":                                "a record longer than any may be: tshark takes its content for encrypted",
	"gen__fail-tls-to-ssh-server.pcap":                             "tshark takes the connection for SSH, because of what the server says",
	"zeek__https-to-http.pcap":                                     "tshark takes the connection for HTTP, because of what the server says",
	"zeek__ssl-to-http-server.pcap":                                "tshark takes the connection for HTTP, because of what the server says",
	"gen__odd-file-ng-dsb.pcapng":                                  "tshark decrypts with the key log that the file has",
	"gen__ok-postgres-sslrequest.pcap":                             "tshark misses the server's flight after PostgreSQL's SSLRequest",
	"ossl__tls12-null.pcap":                                        "compressed records are not opened here",
	"suricata-verify__tcp-fastopen-10-syn-data-ignore__input.pcap": "the same SYN ten times over: tshark begins a stream at some of them",
	"suricata-verify__tls_DER-incomplete-content.pcap":             "a handshake message of an unknown type: tshark leaves it out",
	"suricata-verify__http-connect-tls__input.pcap":                "zeros after the first bytes of a record: tshark makes a record of no length of it",
	"ja4__latest.pcapng":                                           "the end of a connection whose beginning is missing: an alert that tshark takes for encrypted",
	"zeek__tls1.2-protocol-violation.pcap":                         "a handshake message of an unknown type: tshark calls it encrypted",
}

// follow gives the stories of a capture, by the number of the connection.
func follow(t testing.TB, path string) map[int]*flow.Story {
	return followWith(path, flow.Options{Plain: true})
}

// followWith does it with other options. What a capture has of keys goes to the key
// log that they name.
func followWith(path string, o flow.Options) map[int]*flow.Story {
	stories := make(map[int]*flow.Story)
	r, err := pcap.Open(path)
	if err != nil {
		return stories
	}
	defer r.Close()
	f := flow.NewFollower(func(s *flow.Story) { stories[s.TCP.ID] = s }, o)
	table := tcp.NewTable(f, tcp.Limits{})
	var p pcap.Packet
	var s packet.Segment
	var u packet.Datagram
	var d packet.Decoder
	for r.Next(&p) == nil {
		if o.Keys != nil {
			o.Keys.Log.Add(r.Secrets())
		}
		if d.Decode(&p, &s, &u) == packet.TCP {
			table.Add(&s)
		}
	}
	table.Close()
	return stories
}

// asTshark gives the messages in the words of the truth files.
func asTshark(s *flow.Story) (list []string) {
	for _, m := range s.Messages {
		who := map[trace.Side]string{trace.Client: "C ", trace.Server: "S "}[m.From]
		name := m.Name
		switch {
		case m.Content == iana.ContentApplicationData:
			name = "ApplicationData"
		case name == "Encrypted Handshake Message":
			name = "EncryptedHandshake"
		case name == "Encrypted heartbeat":
			name = "Heartbeat"
		case name == "Encrypted Alert":
			name = "EncryptedAlert"
		case m.SSL2 && m.Encrypted:
			name = "SSL2:EncryptedData"
		case m.SSL2:
			name = "SSL2:" + map[string]string{"CLIENT-HELLO": "ClientHello", "ClientHello": "ClientHello", "SERVER-HELLO": "ServerHello", "CLIENT-MASTER-KEY": "ClientMasterKey"}[name]
		case name == "Alert":
			if a, err := wire.ParseAlert(m.Raw); err == nil {
				name = fmt.Sprintf("Alert %d/%d", a.Level, a.Description)
			}
		}
		list = append(list, who+name)
	}
	return list
}

// plain drops what tshark and this package count in other ways: of what is said
// several times in a row, how often; and how an alert is written.
func plain(list []string) (out []string) {
	for _, m := range list {
		if i := strings.Index(m, " x"); i > 0 {
			m = m[:i]
		}
		if strings.Contains(m, " Alert ") {
			m = m[:2] + "Alert"
		}
		if m[2:] == "HandshakeFragment" {
			continue
		}
		if n := len(out); n > 0 && out[n-1] == m {
			continue
		}
		out = append(out, m)
	}
	return out
}

// perSide gives what one side says: how the two are interleaved depends on which
// segment completes a message.
func perSide(list []string, who string) (out []string) {
	for _, m := range plain(list) {
		if m[:1] == who && !(len(out) > 0 && out[len(out)-1] == m[2:]) {
			out = append(out, m[2:])
		}
	}
	return out
}

func TestTruth(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(captures, "truth", "*.json"))
	if len(files) == 0 {
		t.Skip("the captures with ground truth are not there")
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var want truth
			if err := json.Unmarshal(b, &want); err != nil {
				t.Fatal(err)
			}
			stories := follow(t, filepath.Join(captures, name))
			for i, s := range want.Streams {
				story := stories[i]
				if story == nil {
					if len(s.Messages) > 0 && judged[name] == "" {
						t.Errorf("stream %d is not there", i)
					}
					continue
				}
				hellos(t, i, story, s.ClientHellos, s.ServerHellos)
				other := map[string]string{"C": "S", "S": "C"}
				for _, who := range []string{"C", "S"} {
					got, there := perSide(asTshark(story), who), perSide(s.Messages, who)
					if slices.Equal(got, there) || story.TCP.Guessed && slices.Equal(got, perSide(s.Messages, other[who])) {
						continue
					}
					if judged[name] == "" {
						t.Errorf("stream %d, %s:\n  here   %q\n  tshark %q", i, who, got, there)
					}
				}
			}
		})
	}
}

// hellos compares what the hellos say.
func hellos(t *testing.T, stream int, s *flow.Story, client, server []helloTruth) {
	t.Helper()
	var clients, servers []*flow.Message
	for _, m := range s.Messages {
		switch {
		case m.SSL2 || m.Raw == nil:
		case m.Name == "ClientHello":
			clients = append(clients, m)
		case m.Name == "ServerHello" || m.Name == "HelloRetryRequest":
			servers = append(servers, m)
		}
	}
	for i, want := range client {
		if i >= len(clients) || len(want.Ciphers) == 0 {
			break
		}
		m, err := wire.ParseClientHello(clients[i].Raw[wire.HeaderLen:])
		if err != nil {
			continue
		}
		var exts []int
		for e := range m.Extensions.All() {
			exts = append(exts, int(e))
		}
		if !slices.Equal(exts, want.Extensions) {
			t.Errorf("stream %d: extensions %v, tshark has %v", stream, exts, want.Extensions)
		}
		var suites []string
		for _, s := range m.CipherSuites.Values() {
			suites = append(suites, fmt.Sprintf("0x%04x", uint16(s)))
		}
		if !slices.Equal(suites, want.Ciphers) {
			t.Errorf("stream %d: suites %v, tshark has %v", stream, suites, want.Ciphers)
		}
		if i == 0 && (s.JA3 != want.JA3 || s.JA4 != want.JA4) {
			t.Errorf("stream %d: JA3 %s and JA4 %s, tshark has %s and %s", stream, s.JA3, s.JA4, want.JA3, want.JA4)
		}
	}
	for i, want := range server {
		if i < len(servers) && servers[i].Broken == nil && want.JA3S != "" && !want.HRR && i == len(server)-1 && len(server) == 1 && s.JA3S != want.JA3S {
			t.Errorf("stream %d: JA3S %s, tshark has %s", stream, s.JA3S, want.JA3S)
		}
	}
}

// unseen are failures that do not show in a capture without keys, or are not of TLS.
var unseen = map[string]string{
	"gen__fail-smtp-starttls-refused.pcap": "there is no TLS in it",
	"gen__fail-tls13-ech-rejected.pcap":    "a Finished and an encrypted alert: a client that says close_notify at once looks the same",
}

// TestLabels: whether a handshake failed is told as the labels have it.
func TestLabels(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(captures, "labels.json"))
	if err != nil {
		t.Skip("the captures with ground truth are not there")
	}
	var labels map[string]struct{ Outcome, Cause string }
	if err := json.Unmarshal(b, &labels); err != nil {
		t.Fatal(err)
	}
	for name, label := range labels {
		failed := false
		for _, s := range follow(t, filepath.Join(captures, name)) {
			failed = failed || s.TLS && s.Failed()
		}
		if failed != (label.Outcome == "failed") && unseen[name] == "" {
			t.Errorf("%s: %s (%s), failed: %v", name, label.Outcome, label.Cause, failed)
		}
	}
}
