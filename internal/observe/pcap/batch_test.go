package pcap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestBatch reads in batches what Next reads packet by packet, with two batches
// in turns, and looks at what is in a batch only when the next one was filled.
func TestBatch(t *testing.T) {
	var texts []string
	for i := range 9000 {
		texts = append(texts, fmt.Sprintf("%d %s", i, strings.Repeat("x", i*7%1500)))
	}
	o := binary.LittleEndian
	ngFile := append(section(o), iface(o, LinkRaw)...)
	for i, s := range texts {
		if i%1000 == 0 {
			ngFile = append(ngFile, secretsOf(o, fmt.Sprint("s", i))...)
		}
		ngFile = append(ngFile, enhanced(o, 0, uint64(i), s)...)
	}
	damaged := bytes.Clone(file(o, magicMicro, texts...))
	garbage := bytes.Repeat([]byte{255}, 3*bufferSize)
	at := len(file(o, magicMicro, texts[:5000]...))
	damaged = bytes.Join([][]byte{damaged[:24], garbage, damaged[24:at], garbage, damaged[at:]}, nil)
	ngDamaged := append(append(bytes.Clone(ngFile), garbage...), enhanced(o, 0, 1, texts[0])...)
	for name, b := range map[string][]byte{"pcap": file(o, magicMicro, texts...), "pcapng": ngFile, "damaged": damaged, "damaged pcapng": ngDamaged} {
		for way, in := range map[string]io.Reader{"whole": bytes.NewReader(b), "half": iotest.HalfReader(bytes.NewReader(b)), "gzip": bytes.NewReader(zipped(b))} {
			r, err := NewReader(in)
			if err != nil {
				t.Fatal(err)
			}
			var batches [2]Batch
			n, secrets := 0, ""
			check := func(b *Batch) {
				for _, p := range b.Packets {
					if n++; p.Number != n || string(p.Data) != texts[(n-1)%len(texts)] {
						t.Fatalf("%s %s: packet %d is %d: %.20q", name, way, n, p.Number, p.Data)
					}
				}
				secrets += string(b.Secrets)
				b.Packets, b.Secrets = nil, nil
			}
			problems := 0
			for i := 0; ; i++ {
				err := batches[i%2].Fill(r)
				check(&batches[(i+1)%2])
				if err == io.EOF {
					check(&batches[i%2])
					break
				}
				if err != nil {
					problems++
				}
			}
			if want := map[string]int{"damaged": 2, "damaged pcapng": 1}[name]; n != len(texts)+len(name)/len("damaged pcapng") || problems != want || name == "pcapng" && secrets != "s0\ns1000\ns2000\ns3000\ns4000\ns5000\ns6000\ns7000\ns8000\n" {
				t.Errorf("%s %s: %d packets, %d problems, %q", name, way, n, problems, secrets)
			}
		}
	}
}

func BenchmarkNext(b *testing.B) {
	data := file(binary.LittleEndian, magicMicro, strings.Split(strings.Repeat(strings.Repeat("x", 1400)+" ", 10000), " ")...)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			b.Fatal(err)
		}
		var p Packet
		for r.Next(&p) == nil {
		}
	}
}
