package record

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/transcript"
)

//go:embed testdata/rfc8448-section3.txt
var section3 string

// A traced is a record of the trace.
type traced struct {
	server bool
	secret string
	bytes  []byte
}

func readTrace(t *testing.T, text string) (all []traced) {
	t.Helper()
	for part := range strings.SplitSeq(text, "\n\n") {
		head, body, _ := strings.Cut(part, "\n")
		if strings.HasPrefix(head, "#") {
			continue
		}
		side, secret, _ := strings.Cut(head, " ")
		b, err := hex.DecodeString(strings.Join(strings.Fields(body), ""))
		if err != nil {
			t.Fatal(head, err)
		}
		all = append(all, traced{side == "server", secret, b})
	}
	return all
}

// RFC 8448, section 3, from the key exchange's secret to the last alert: every
// record opens with the keys that this schedule and transcript lead to, holds
// what the trace says, and is sealed into the same bytes again.
func TestRFC8448(t *testing.T) {
	const id = iana.TLS_AES_128_GCM_SHA256
	shared, _ := hex.DecodeString("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d")
	hs := schedule.NewEarly(schedule.SHA256, nil).Handshake(shared)
	master := hs.Master()

	var th transcript.Transcript
	th.Start(schedule.SHA256)
	defer th.Stop()
	sum := func() []byte { return th.Sum(nil) }

	var opener [2]Opener // of the client, of the server
	var sealer [2]Sealer
	install := func(who int, s schedule.Secret) {
		k := Keys13(id, s)
		if opener[who].Install(&k) != nil || sealer[who].Install(&k) != nil {
			t.Fatal("the keys cannot be installed")
		}
		sealer[who].SetVersion(iana.TLS12)
	}
	sealer[0].SetVersion(iana.TLS10)
	sealer[1].SetVersion(iana.TLS12)

	data := make([]byte, 50)
	for i := range data {
		data[i] = byte(i)
	}
	closing := []byte{byte(iana.LevelWarning), byte(iana.AlertCloseNotify)}
	var clientHS, serverHS, clientApp schedule.Secret
	after := []func(content []byte){ // what is done with each record
		func(m []byte) { th.Write(m) },
		func(m []byte) {
			th.Write(m)
			clientHS, serverHS = hs.ClientTraffic(sum()), hs.ServerTraffic(sum())
			install(0, clientHS)
			install(1, serverHS)
		},
		func(m []byte) {
			finished := m[len(m)-36:]
			th.Write(m[:len(m)-36])
			if got := serverHS.FinishedMAC(nil, sum()); !bytes.Equal(got, finished[4:]) {
				t.Errorf("the server's verify_data is %x, want %x", got, finished[4:])
			}
			th.Write(finished)
			clientApp = master.ClientTraffic(sum())
			install(1, master.ServerTraffic(sum()))
		},
		func(m []byte) {
			if got := clientHS.FinishedMAC(nil, sum()); !bytes.Equal(got, m[4:]) {
				t.Errorf("the client's verify_data is %x, want %x", got, m[4:])
			}
			install(0, clientApp)
		},
		func(m []byte) {
			if m[0] != byte(iana.MsgNewSessionTicket) || len(m) != 205 {
				t.Errorf("the ticket is %x", m)
			}
		},
		func(m []byte) { same(t, m, data) },
		func(m []byte) { same(t, m, data) },
		func(m []byte) { same(t, m, closing) },
		func(m []byte) { same(t, m, closing) },
	}
	records := readTrace(t, section3)
	if len(records) != len(after) {
		t.Fatalf("%d records", len(records))
	}
	for i, r := range records {
		who := 0
		if r.server {
			who = 1
		}
		n, err := opener[who].Length(r.bytes)
		if err != nil || n != len(r.bytes) {
			t.Fatalf("record %d: its length is %d, want %d: %v", i, n, len(r.bytes), err)
		}
		ct, content, err := opener[who].Open(bytes.Clone(r.bytes))
		if err != nil {
			t.Fatalf("record %d (%s): %v", i, r.secret, err)
		}
		if again := sealer[who].Seal(nil, ct, content); !bytes.Equal(again, r.bytes) {
			t.Errorf("record %d is sealed as %x, want %x", i, again, r.bytes)
		}
		after[i](content)
	}
}

func same(t *testing.T, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}
