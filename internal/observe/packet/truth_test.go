package packet_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
)

// captures is where the captures with ground truth are, from this directory.
const captures = "../../../../shared/captures"

// truth is what tshark says of a capture.
type truth struct {
	Packets int
	Vlan    int `json:"vlan_packets"`
	Streams []struct {
		Client, Server string
		Packets        int
		Payload        [2]int64
	}
}

// what is read of a capture with this package.
type seen struct {
	frames, segments int
	payload          int64
	sums             [4]int
	secrets          string
	d                packet.Decoder
	err              error
}

func read(t *testing.T, path string) (s seen) {
	t.Helper()
	r, err := pcap.Open(path)
	if err != nil {
		return seen{err: err}
	}
	defer r.Close()
	var p pcap.Packet
	var seg packet.Segment
	var u packet.Datagram
	for {
		if s.err = r.Next(&p); s.err != nil {
			if errors.Is(s.err, io.EOF) {
				s.err = nil
			}
			return s
		}
		s.secrets += string(r.Secrets())
		s.frames++
		if s.d.Decode(&p, &seg, &u) == packet.TCP {
			s.segments++
			s.payload += int64(len(seg.Payload) + seg.Snapped)
			s.sums[seg.Sum]++
		}
	}
}

// damaged are the captures that are no whole files, with what is said of them.
var damaged = map[string]string{
	"gen__odd-file-cut-short.pcap":                     "the file ends within a packet, after 50 bytes of it",
	"gen__odd-file-garbage.pcap":                       "it is neither pcap nor pcapng",
	"suricata-verify__tls_DER-incomplete-content.pcap": "this is not the header of a packet",
}

// quoted are segments that tshark counts because an ICMP message quotes them:
// it says that the router dropped them, so they are not in the stream.
var quoted = map[string]int{
	"ja4__latest.pcapng": 5,
	"zeek__smtp.pcap":    4,
}

// withKeys are the captures with a key log inside.
var withKeys = []string{"gen__odd-file-ng-dsb.pcapng", "pcapplusplus__pcapng-example.pcapng"}

// TestTruth holds what is read of real captures against what tshark says.
func TestTruth(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(captures, "*.pcap*"))
	if len(files) == 0 {
		t.Skipf("no captures in %s", captures)
	}
	for _, path := range files {
		name := filepath.Base(path)
		b, err := os.ReadFile(filepath.Join(captures, "truth", name+".json"))
		if err != nil {
			continue
		}
		t.Run(strings.TrimSuffix(name, filepath.Ext(name)), func(t *testing.T) {
			var want truth
			if err := json.Unmarshal(b, &want); err != nil {
				t.Fatal(err)
			}
			got := read(t, path)
			if problem := damaged[name]; (got.err != nil) != (problem != "") || problem != "" && !strings.Contains(got.err.Error(), problem) {
				t.Errorf("the reader says %q, want %q", got.err, problem)
			}
			if has := strings.Contains(got.secrets, "CLIENT_"); has != slices.Contains(withKeys, name) {
				t.Errorf("there is a key log: %v", has)
			}
			if got.frames != want.Packets {
				t.Errorf("%d packets, want %d", got.frames, want.Packets)
			}
			if got.d.Tagged != want.Vlan {
				t.Errorf("%d packets with a tag of a VLAN, want %d", got.d.Tagged, want.Vlan)
			}
			segments, payload := -quoted[name], int64(0)
			for _, s := range want.Streams {
				segments += s.Packets
				payload += s.Payload[0] + s.Payload[1]
			}
			if got.segments != segments || got.payload != payload {
				t.Errorf("%d segments with %d bytes, want %d with %d; %v %v", got.segments, got.payload, segments, payload, got.d.Count, got.sums)
			}
		})
	}
}
