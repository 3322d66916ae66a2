package pcap

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// TestWriter reads what it wrote.
func TestWriter(t *testing.T) {
	packets := []Packet{
		{1, 1_700_000_000_123_456_789, LinkEthernet, 0, 10, []byte("first pkt!"), ""},
		{2, 1_700_000_000_123_456_790, LinkRaw, 1, 99, []byte("snapped"), "with a comment"},
		{3, 1_700_000_001_000_000_000, LinkEthernet, 0, 0, []byte{}, ""},
	}
	var out bytes.Buffer
	w := NewWriter(&out, func(n int) string { return []string{"eth0", ""}[n] })
	if err := w.Secrets([]byte("CLIENT_RANDOM 00 11\n")); err != nil {
		t.Fatal(err)
	}
	for i := range packets {
		if err := w.Write(&packets[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	got, problems, r := all(t, &out)
	if len(problems) > 0 || !reflect.DeepEqual(got, packets) {
		t.Errorf("%+v, want %+v; %q", got, packets, problems)
	}
	if s := string(r.Secrets()); s != "CLIENT_RANDOM 00 11\n" || r.Interfaces()[0].Name != "eth0" {
		t.Errorf("%q %+v", s, r.Interfaces())
	}
}

func TestClassicWriter(t *testing.T) {
	var out bytes.Buffer
	w := NewClassicWriter(&out, LinkRaw)
	p := Packet{1, 1_700_000_000_123_456_789, LinkRaw, 0, 10, []byte("snapped"), ""}
	_ = w.Write(&p)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, problems, _ := all(t, &out); len(problems) > 0 || !reflect.DeepEqual(got, []Packet{p}) {
		t.Errorf("%+v %q", got, problems)
	}
	if err := w.Write(&Packet{Link: LinkEthernet}); err == nil || !strings.Contains(err.Error(), "link type 1") {
		t.Error(err)
	}
	if err := NewClassicWriter(&out, LinkRaw).Secrets(nil); err == nil {
		t.Error("secrets in a pcap file")
	}
}
