package pcap

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// file writes a pcap file of the given packets.
func file(order binary.AppendByteOrder, magic uint32, packets ...string) []byte {
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = order.AppendUint32(b, 65535)
	b = order.AppendUint32(b, uint32(LinkEthernet))
	for i, p := range packets {
		for _, v := range []int{1_000_000_000 + i, 7, len(p), len(p) + 2} {
			b = order.AppendUint32(b, uint32(v))
		}
		if magic == magicModified {
			b = append(b, make([]byte, 8)...)
		}
		b = append(b, p...)
	}
	return b
}

// block writes a block of pcapng, option that of an option.
func block(order binary.AppendByteOrder, kind uint32, body []byte) []byte {
	body = pad(body)
	b := order.AppendUint32(nil, kind)
	b = order.AppendUint32(b, uint32(len(body)+12))
	b = append(b, body...)
	return order.AppendUint32(b, uint32(len(body)+12))
}

func pad(b []byte) []byte { return append(b, make([]byte, -len(b)&3)...) }

func option(order binary.AppendByteOrder, code uint16, value string) []byte {
	b := order.AppendUint16(nil, code)
	b = order.AppendUint16(b, uint16(len(value)))
	return pad(append(b, value...))
}

func section(order binary.AppendByteOrder, options ...[]byte) []byte {
	b := order.AppendUint32(nil, byteOrderMagic)
	b = order.AppendUint16(b, 1)
	return block(order, blockSection, append(append(order.AppendUint16(b, 0), "\xff\xff\xff\xff\xff\xff\xff\xff"...), bytes.Join(options, nil)...))
}

func iface(order binary.AppendByteOrder, link Link, options ...[]byte) []byte {
	b := order.AppendUint16(nil, uint16(link))
	b = append(order.AppendUint16(b, 0), 0, 0, 0, 0)
	return block(order, blockInterface, append(b, bytes.Join(options, nil)...))
}

func enhanced(order binary.AppendByteOrder, on uint32, units uint64, data string, options ...[]byte) []byte {
	b := order.AppendUint32(nil, on)
	b = order.AppendUint32(b, uint32(units>>32))
	b = order.AppendUint32(b, uint32(units))
	b = order.AppendUint32(b, uint32(len(data)))
	b = order.AppendUint32(b, uint32(len(data)))
	b = pad(append(b, data...))
	return block(order, blockPacket, append(b, bytes.Join(options, nil)...))
}

func secretsOf(order binary.AppendByteOrder, s string) []byte {
	b := order.AppendUint32(nil, secretsTLS)
	b = order.AppendUint32(b, uint32(len(s)))
	return block(order, blockSecrets, append(b, s...))
}

// all reads everything; errors after which it goes on are in problems.
func all(t *testing.T, in io.Reader) (packets []Packet, problems []string, r *Reader) {
	t.Helper()
	r, err := NewReader(in)
	if err != nil {
		return nil, []string{err.Error()}, r
	}
	for {
		var p Packet
		err := r.Next(&p)
		var e *Error
		switch {
		case err == io.EOF:
			return packets, problems, r
		case errors.As(err, &e):
			problems = append(problems, e.Error())
		case err != nil:
			t.Fatal(err)
		default:
			p.Data = bytes.Clone(p.Data)
			packets = append(packets, p)
		}
	}
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

// dribble gives one byte at a time.
type dribble struct{ b []byte }

func (d *dribble) Read(p []byte) (int, error) {
	if len(d.b) == 0 {
		return 0, io.EOF
	}
	p[0] = d.b[0]
	d.b = d.b[1:]
	return 1, nil
}

func TestClassic(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for magic, unit := range map[uint32]int64{magicMicro: 1000, magicNano: 1, magicModified: 1000} {
			b := file(order, magic, "first", "", "third one")
			for name, in := range map[string]io.Reader{
				"whole": bytes.NewReader(b), "gzip": bytes.NewReader(zipped(b)), "bytes": &dribble{bytes.Clone(b)}, "gzip bytes": &dribble{zipped(b)},
			} {
				got, problems, _ := all(t, in)
				if len(problems) > 0 || len(got) != 3 {
					t.Fatalf("%v %#x %s: %d packets, %q", order, magic, name, len(got), problems)
				}
				p := got[2]
				if p.Number != 3 || p.Time != 1_000_000_002*1e9+7*unit || p.Link != LinkEthernet || p.Length != 11 || string(p.Data) != "third one" {
					t.Errorf("%v %#x %s: %+v", order, magic, name, p)
				}
			}
		}
	}
}

func TestNG(t *testing.T) {
	for _, o := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		shift := string(o.AppendUint64(nil, 100))
		b := bytes.Join([][]byte{
			section(o),
			iface(o, LinkEthernet),
			iface(o, LinkRaw, option(o, optionName, "eth0"), option(o, optionResolver, "\x09"), option(o, optionTimeShift, shift)),
			iface(o, LinkRaw, option(o, optionResolver, "\x8a")), // 1/1024 of a second
			iface(o, LinkRaw, option(o, optionResolver, "\x0c")), // picoseconds
			secretsOf(o, "CLIENT_RANDOM 01 02"),
			enhanced(o, 0, 5, "micro", option(o, optionComment, "one"), option(o, optionComment, "two"), option(o, 0, "")),
			block(o, 0x0bad, []byte("unknown")),
			enhanced(o, 1, 5, "nano", option(o, optionComment, "see\nCLIENT_RANDOM 05 06\r\nSERVER_RANDOM is not a key")),
			enhanced(o, 2, 3*1024+512, "binary"),
			enhanced(o, 3, 7e12+2345, "pico"),
			block(o, blockSimple, append(o.AppendUint32(nil, 99), "simple"...)),
			section(o, option(o, optionComment, "CLIENT_RANDOM 03 04")), iface(o, LinkNull), enhanced(o, 0, 1, "other section"),
		}, nil)
		got, problems, r := all(t, bytes.NewReader(b))
		want := []Packet{
			{1, 5000, LinkEthernet, 0, 5, []byte("micro"), "one\ntwo"},
			{2, 100e9 + 5, LinkRaw, 1, 4, []byte("nano"), "see\nSERVER_RANDOM is not a key"},
			{3, 3.5e9, LinkRaw, 2, 6, []byte("binary"), ""},
			{4, 7e9 + 2, LinkRaw, 3, 4, []byte("pico"), ""},
			{5, 0, LinkEthernet, 0, 99, []byte("simple\x00\x00"), ""},
			{6, 1000, LinkNull, 4, 13, []byte("other section"), ""},
		}
		if len(got) != len(want) || len(problems) > 0 {
			t.Fatalf("%d packets, %q", len(got), problems)
		}
		for i, p := range got {
			w := want[i]
			if !bytes.Equal(p.Data, w.Data) {
				t.Errorf("%q, want %q", p.Data, w.Data)
			}
			p.Data, w.Data = nil, nil
			if p.Number != w.Number || p.Time != w.Time || p.Link != w.Link || p.Interface != w.Interface || p.Length != w.Length || p.Comment != w.Comment {
				t.Errorf("%+v, want %+v", p, w)
			}
		}
		if s := string(r.Secrets()); s != "CLIENT_RANDOM 01 02\nCLIENT_RANDOM 05 06\r\nCLIENT_RANDOM 03 04\n" || len(r.Secrets()) > 0 || r.Comment() != "" {
			t.Errorf("secrets: %q", s)
		}
		if i := r.Interfaces(); len(i) != 5 || i[1].Name != "eth0" {
			t.Errorf("interfaces: %+v", i)
		}
	}
}

// TestDamage reads files that are cut short or have garbage in them.
func TestDamage(t *testing.T) {
	o := binary.LittleEndian
	whole := file(o, magicMicro, "first", "second", "third", "fourth")
	ngFile := bytes.Join([][]byte{section(o), iface(o, LinkRaw), enhanced(o, 0, 1, "first"), enhanced(o, 0, 2, "second"), enhanced(o, 0, 3, "third")}, nil)
	garbage := strings.Repeat("\xff\xfegarbage", 100)
	for name, c := range map[string]struct {
		file    []byte
		packets int
		problem string
	}{
		"empty":               {nil, 0, "it is empty"},
		"short":               {[]byte("abc"), 0, "too short"},
		"other":               {[]byte("%PDF-1.4 and more of it"), 0, "neither pcap nor pcapng"},
		"header cut":          {whole[:20], 0, "ends within the header of a pcap file, after 20 bytes"},
		"no packets":          {whole[:24], 0, ""},
		"packet header cut":   {whole[:24+21+9], 1, "packet 2, at byte 45 of the file: the file ends within the header of a packet, after 9 bytes"},
		"packet cut":          {whole[:24+21+20], 1, "packet 2, at byte 45 of the file: the file ends within a packet, after 20 bytes"},
		"gzip cut":            {zipped(whole)[:40], 0, "ends within"},
		"garbage between":     {bytes.Join([][]byte{whole[:24+21], []byte(garbage), whole[24+21:]}, nil), 4, "900 bytes are passed over"},
		"garbage at the end":  {append(bytes.Clone(whole), garbage...), 4, "not the header of a packet"},
		"block cut":           {ngFile[:len(ngFile)-10], 2, "the file ends within a block"},
		"garbage in pcapng":   {bytes.Join([][]byte{ngFile[:len(ngFile)-40], []byte(garbage), ngFile[len(ngFile)-40:]}, nil), 3, "900 bytes are passed over"},
		"no interface":        {bytes.Join([][]byte{section(o), enhanced(o, 0, 1, "x"), iface(o, LinkRaw), enhanced(o, 0, 1, "x")}, nil), 1, "a packet of interface 0, and the section has 0"},
		"not the same length": {bytes.Join([][]byte{section(o), iface(o, LinkRaw), append(enhanced(o, 0, 1, "x")[:32], 9, 9, 9, 9), enhanced(o, 0, 1, "x")}, nil), 1, "at its start"},
	} {
		got, problems, _ := all(t, bytes.NewReader(c.file))
		if len(got) != c.packets {
			t.Errorf("%s: %d packets, want %d", name, len(got), c.packets)
		}
		if p := strings.Join(problems, "; "); !strings.Contains(p, c.problem) || c.problem == "" && p != "" {
			t.Errorf("%s: %q, want %q", name, p, c.problem)
		}
	}
}

// TestGrowing reads a pipe: each packet is there as soon as it was written.
func TestGrowing(t *testing.T) {
	in, out := io.Pipe()
	b := file(binary.LittleEndian, magicMicro, "first", "second")
	go func() { _, _ = out.Write(b[:24+21]) }()
	r, err := NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	var p Packet
	if err := r.Next(&p); err != nil || string(p.Data) != "first" {
		t.Fatalf("%q %v", p.Data, err)
	}
	go func() { _, _ = out.Write(b[24+21:]); _ = out.Close() }()
	if err := r.Next(&p); err != nil || string(p.Data) != "second" {
		t.Fatalf("%q %v", p.Data, err)
	}
	if err := r.Next(&p); err != io.EOF {
		t.Fatal(err)
	}
}

// testfiles are the captures with ground truth, where they exist.
func testfiles(tb testing.TB) []string {
	all, err := filepath.Glob("../../../../shared/captures/*.pcap*")
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// TestBatchesOfFiles reads real files in batches and packet by packet.
func TestBatchesOfFiles(t *testing.T) {
	files := testfiles(t)
	if len(files) == 0 {
		t.Skip("no captures in ../shared/captures beside the repository")
	}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		packets, problems, _ := all(t, bytes.NewReader(b))
		r, err := NewReader(bytes.NewReader(b))
		if err != nil {
			continue // all has said the same
		}
		var batch Batch
		n, said := 0, 0
		for done := false; !done; {
			err := batch.Fill(r)
			if done = err == io.EOF; !done && err != nil {
				if err.Error() != problems[said] {
					t.Errorf("%s: %q, want %q", path, err, problems[said])
				}
				said++
			}
			for _, p := range batch.Packets {
				if want := packets[n]; p.Number != want.Number || p.Time != want.Time || p.Interface != want.Interface || p.Length != want.Length || !bytes.Equal(p.Data, want.Data) {
					t.Fatalf("%s: %+v, want %+v", path, p, want)
				}
				n++
			}
		}
		if n != len(packets) || said != len(problems) {
			t.Errorf("%s: %d packets and %d problems, want %d and %d", path, n, said, len(packets), len(problems))
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, o := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		f.Add(file(o, magicMicro, "first", "second"))
		f.Add(zipped(file(o, magicModified, "first", "second")))
		f.Add(bytes.Join([][]byte{
			section(o), iface(o, LinkEthernet, option(o, optionResolver, "\x8a")), secretsOf(o, "x y z"),
			enhanced(o, 0, 5, "data", option(o, optionComment, "one")), block(o, blockSimple, append(o.AppendUint32(nil, 99), "simple"...)),
		}, nil))
	}
	for _, path := range testfiles(f) {
		if b, err := os.ReadFile(path); err == nil && len(b) < 20000 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		packets, problems, r := all(t, bytes.NewReader(b))
		if len(packets)+len(problems) > len(b)+1 {
			t.Errorf("%d packets and %d problems in %d bytes", len(packets), len(problems), len(b))
		}
		for i, p := range packets {
			if p.Number != i+1 || len(p.Data) > p.Length {
				t.Errorf("%+v", p)
			}
		}
		if r != nil && r.format != unknown && len(b) > 1 && b[0] != 0x1f && r.Offset() > int64(len(b)) {
			t.Errorf("at %d of %d", r.Offset(), len(b))
		}
	})
}
