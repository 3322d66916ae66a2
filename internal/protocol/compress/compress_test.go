package compress

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// body is as compressible as certificates are: half of it repeats.
func body(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		if b[i] = byte(r.Uint32()); i%16 < 8 {
			b[i] = byte(i)
		}
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	for _, a := range All() {
		for _, n := range []int{0, 1, 1000, 3000, 20000, 1 << 17} {
			want := body(n)
			small := a.Compress(want)
			got := make([]byte, n)
			if err := a.Decompress(got, small); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%v, %d bytes: %v", a.ID, n, err)
			}
			if n >= 1000 && len(small) >= n {
				t.Errorf("%v makes %d bytes of %d", a.ID, len(small), n)
			}
			for _, wrong := range []int{n - 1, n + 1, 2*n + 5} {
				if wrong >= 0 && a.Decompress(make([]byte, wrong), small) == nil {
					t.Errorf("%v gives %d bytes in place of %d", a.ID, wrong, n)
				}
			}
			if n > 0 && a.Decompress(got, small[:len(small)-1]) == nil {
				t.Errorf("%v takes %d bytes that are cut short", a.ID, n)
			}
		}
		if a.Decompress(make([]byte, 10), []byte("garbage, which no algorithm reads")) == nil {
			t.Errorf("%v reads garbage", a.ID)
		}
	}
}

func TestOf(t *testing.T) {
	if Of(All(), iana.CertificateZlib) != Zlib || Of(All(), 4) != nil || Of(nil, iana.CertificateZlib) != nil {
		t.Error("the algorithm is another")
	}
}

// A few bytes that would become gigabytes are given up as soon as they are more
// than was announced, and take no memory.
func TestBomb(t *testing.T) {
	const announced = 1 << 17
	zeros := make([]byte, 1<<20)
	var z, b bytes.Buffer
	zw, _ := zlib.NewWriterLevel(&z, zlib.BestCompression)
	bw := brotli.NewWriterOptions(&b, brotli.WriterOptions{Quality: 9, LGWin: 22})
	for range 64 {
		zw.Write(zeros)
		bw.Write(zeros)
	}
	zw.Close()
	bw.Close()
	for _, c := range []struct {
		a    *Algorithm
		bomb []byte
		most uint64
	}{
		{Zlib, z.Bytes(), 1 << 18},
		{Brotli, b.Bytes(), 5 << 20},
		{Zstd, zstdBomb(), 5 << 20},
	} {
		dst := make([]byte, announced)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := c.a.Decompress(dst, c.bomb)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; err == nil || took > c.most {
			t.Errorf("%v: %d bytes took %d, %v", c.a.ID, len(c.bomb), took, err)
		}
	}
}

// zstdBomb is a frame that announces nothing and repeats one byte (RFC 8878,
// sections 3.1.1 and 3.1.1.2): blocks of 128 KiB in four bytes each.
func zstdBomb() []byte {
	b := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 0x60} // magic, no content size, a window of 4 MiB
	for range 1 << 10 {
		header := 1<<17<<3 | 1<<1 // RLE
		b = append(b, byte(header), byte(header>>8), byte(header>>16), 0)
	}
	header := 1<<3 | 1<<1 | 1
	return append(b, byte(header), byte(header>>8), byte(header>>16), 0)
}

// A window that is longer than a certificate could need is refused at once.
func TestWindow(t *testing.T) {
	want := body(1000)
	for bits := 10; bits <= 24; bits++ {
		var b bytes.Buffer
		w := brotli.NewWriterOptions(&b, brotli.WriterOptions{Quality: 5, LGWin: bits})
		w.Write(want)
		w.Close()
		got := make([]byte, len(want))
		if err := Brotli.Decompress(got, b.Bytes()); (err == nil) != (bits <= 22) {
			t.Errorf("a window of %d bits: %v", bits, err)
		}
	}
	long := zstdBomb()
	long[5] = 0x68 // 8 MiB
	if err := Zstd.Decompress(make([]byte, 10), long); err == nil {
		t.Error("a window of 8 MiB was taken")
	}
}

func FuzzDecompress(f *testing.F) {
	for _, a := range All() {
		f.Add(uint16(a.ID), uint16(300), a.Compress(body(300)))
	}
	f.Add(uint16(iana.CertificateZstd), uint16(300), zstdBomb())
	f.Fuzz(func(t *testing.T, id, n uint16, compressed []byte) {
		if a := Of(All(), iana.CertificateCompression(id)); a != nil {
			a.Decompress(make([]byte, n), compressed)
		}
	})
}

func BenchmarkCompress(b *testing.B) {
	for _, a := range All() {
		for _, n := range []int{1000, 3000} {
			want := body(n)
			small := a.Compress(want)
			b.Run(fmt.Sprintf("%v/%d to %d", a.ID, n, len(small)), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					a.Compress(want)
				}
			})
			b.Run(fmt.Sprintf("%v/%d from %d", a.ID, n, len(small)), func(b *testing.B) {
				b.ReportAllocs()
				got := make([]byte, n)
				for b.Loop() {
					a.Decompress(got, small)
				}
			})
		}
	}
}
