package tls

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// conversation gives what a client sends and a server answers on HTTP/2: a
// request for each path, which ends with a code each.
func conversation(t testing.TB, paths []string, pieces bool) (in, out []byte) {
	t.Helper()
	var i, o, block bytes.Buffer
	i.WriteString(http2.ClientPreface)
	client, server, enc := http2.NewFramer(&i, nil), http2.NewFramer(&o, nil), hpack.NewEncoder(&block)
	client.WriteSettings()
	server.WriteSettings()
	for n, path := range paths {
		id := uint32(2*n + 1)
		block.Reset()
		for _, f := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", "www.example.com"}, {":path", path}, {"x", "y"}} {
			enc.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
		}
		b := block.Bytes()
		p := http2.HeadersFrameParam{StreamID: id, BlockFragment: b, EndStream: true, EndHeaders: true}
		if pieces {
			p.BlockFragment, p.EndHeaders, p.PadLength, p.Priority = b[:1], false, 7, http2.PriorityParam{Weight: 3}
		}
		client.WriteHeaders(p)
		if pieces {
			client.WriteContinuation(id, false, nil)
			client.WriteContinuation(id, true, b[1:])
		}
		client.WriteWindowUpdate(0, 10)
		server.WriteData(id, false, []byte{0, 0, 4, 3, 0, 0, 0, 0, byte(id), 0, 0, 0, 2}) // looks like an RST_STREAM
		server.WriteRSTStream(id, http2.ErrCodeInternal)
	}
	return i.Bytes(), o.Bytes()
}

// codes gives how each stream of an answer ends.
func codes(t testing.TB, out []byte) (list []http2.ErrCode) {
	t.Helper()
	f := http2.NewFramer(nil, bytes.NewReader(out))
	for {
		switch frame, err := f.ReadFrame(); frame := frame.(type) {
		case *http2.RSTStreamFrame:
			list = append(list, frame.ErrCode)
		case *http2.DataFrame:
			if binary.BigEndian.Uint32(frame.Data()[9:]) != uint32(http2.ErrCodeInternal) {
				t.Error("what a page holds was changed")
			}
		default:
			if err != nil {
				return list
			}
		}
	}
}

func TestHTTP11Required(t *testing.T) {
	const internal, required = http2.ErrCodeInternal, http2.ErrCodeHTTP11Required
	need := func(path string) bool { return path == "/private/" }
	for _, pieces := range []bool{false, true} {
		in, out := conversation(t, []string{"/", "/private/", "/%70rivate/?x", "/private/x", "*"}, pieces)
		for size := 1; size <= 40; size++ {
			w := newFrameWatch(need)
			var got []byte
			for rest := in; len(rest) > 0; rest = rest[min(size, len(rest)):] {
				w.received(rest[:min(size, len(rest))])
			}
			before := bytes.Clone(out)
			for rest := out; len(rest) > 0; rest = rest[min(size, len(rest)):] {
				got = append(got, w.sent(rest[:min(size, len(rest))])...)
			}
			if !bytes.Equal(before, out) {
				t.Fatal("what was to be written was changed in place")
			}
			want := []http2.ErrCode{internal, required, required, internal, internal}
			if list := codes(t, got); len(list) != len(want) || list[1] != want[1] || list[2] != want[2] || list[0] != internal || list[3] != internal || list[4] != internal {
				t.Errorf("pieces: %t, %d bytes at a time: %v", pieces, size, list)
			}
			if len(w.needs) != 0 {
				t.Errorf("%d streams are remembered", len(w.needs))
			}
		}
	}
}

// A client that takes its requests back is not remembered.
func TestHTTP11RequiredForgets(t *testing.T) {
	in, _ := conversation(t, []string{"/"}, false)
	w := newFrameWatch(func(string) bool { return true })
	w.received(in)
	var b bytes.Buffer
	http2.NewFramer(&b, nil).WriteRSTStream(1, http2.ErrCodeCancel)
	if w.received(b.Bytes()); len(w.needs) != 0 {
		t.Errorf("%d streams are remembered", len(w.needs))
	}
}

func FuzzHTTP11Required(f *testing.F) {
	for _, pieces := range []bool{false, true} {
		in, out := conversation(f, []string{"/", "/x"}, pieces)
		f.Add(in, out, 7)
	}
	f.Fuzz(func(t *testing.T, in, out []byte, size int) {
		size = max(1, size&0xff)
		w := newFrameWatch(func(path string) bool { return len(path)%2 == 0 })
		for rest := in; len(rest) > 0; rest = rest[min(size, len(rest)):] {
			w.received(rest[:min(size, len(rest))])
		}
		for rest := out; len(rest) > 0; rest = rest[min(size, len(rest)):] {
			piece := rest[:min(size, len(rest))]
			if got := w.sent(piece); len(got) != len(piece) {
				t.Fatalf("%d bytes became %d", len(piece), len(got))
			}
		}
		if len(w.block) > mostHeaders {
			t.Error(len(w.block))
		}
	})
}
