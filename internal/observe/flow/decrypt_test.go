package flow_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// opened are the captures in which tshark decrypts something else, and why.
var opened = map[string]string{
	"gen__ok-tls12-ticket-rejected.pcap": "the second connection resumes the session of the first, whose keys tshark remembers by the ticket",
	"ossl__ssl3-dhe-3des.pcap":           "compressed records are not opened here",
	"ossl__ssl3-rsa-rc4.pcap":            "compressed records are not opened here",
	"ssldump__tls1.3_ccm.pcap":           "records with AES-CCM are not opened here",
	"ssldump__tls1.3_ccm8.pcap":          "records with AES-CCM are not opened here",
}

// TestTruthDecrypted compares with what tshark reads of captures for which there
// are key logs.
func TestTruthDecrypted(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(captures, "truth", "*.json"))
	if len(files) == 0 {
		t.Skip("the captures with ground truth are not there")
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var want struct{ Decrypted map[string][]string }
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatal(err)
		}
		if len(want.Decrypted) == 0 {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		t.Run(name, func(t *testing.T) {
			log := new(flow.KeyLog)
			if lines, err := os.ReadFile(filepath.Join(captures, name+".keys")); err == nil {
				log.Add(lines)
			}
			stories := followWith(filepath.Join(captures, name), flow.Options{Plain: true, Keys: &flow.Keys{Log: log}})
			for n, messages := range want.Decrypted {
				i, _ := strconv.Atoi(n)
				story := stories[i]
				if story == nil {
					t.Errorf("stream %d is not there", i)
					continue
				}
				for _, who := range []string{"C", "S"} {
					got, there := perSide(asTshark(story), who), perSide(messages, who)
					if !slices.Equal(got, there) && opened[name] == "" {
						t.Errorf("stream %d, %s, %v %v:\n  here   %q\n  tshark %q", i, who, story.Version, story.Suite, got, there)
					}
				}
			}
		})
	}
}

// TestStoryDecrypted has what a story says only with keys.
func TestStoryDecrypted(t *testing.T) {
	const name = "gen__ok-tls13-mlkem768.pcap"
	lines, err := os.ReadFile(filepath.Join(captures, name+".keys"))
	if err != nil {
		t.Skip("the captures with ground truth are not there")
	}
	log := new(flow.KeyLog)
	log.Add(lines)
	data := [2]int64{}
	o := flow.Options{Keys: &flow.Keys{Log: log}, KeepData: 1 << 20}
	s := followWith(filepath.Join(captures, name), o)[0]
	if s == nil || !s.Keys || s.Complete != flow.Yes || s.Ended.How != "close_notify" || !s.Ended.Known || s.EarlyData != flow.No {
		t.Fatalf("%+v", s)
	}
	for _, c := range s.Carried {
		data[c.From-1] += int64(len(c.Data))
	}
	for i, d := range s.Data {
		if !d.Plain || d.Bytes == 0 || d.Bytes != data[i] {
			t.Errorf("side %d: %+v, %d bytes were kept", i, d, data[i])
		}
	}
	certificate := slices.ContainsFunc(s.Messages, func(m *flow.Message) bool {
		return m.Type == iana.MsgCertificate && m.Opened && m.Encrypted && len(m.Raw) == m.Length
	})
	if !certificate {
		t.Error("there is no certificate")
	}
}
