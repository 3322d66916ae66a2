package bench

import (
	"bufio"
	"crypto/sha256"
	"flag"
	"os"
	"testing"
)

var (
	captureFile  = flag.String("capture", "", "have TestWriteCapture write a capture there, for other readers")
	captureCount = flag.Int("connections", 20000, "how many connections it has")
)

// TestShares holds the mix to what WriteCapture says of it.
func TestShares(t *testing.T) {
	sum, fail := 0, 0
	for _, k := range talks {
		sum += k.share
		if k.fails() {
			fail += k.share
		}
	}
	if sum != 1000 || fail != 100 {
		t.Errorf("%d of 1000, and %d fail", sum, fail)
	}
}

// TestCaptureIsTheSame writes a small capture twice.
func TestCaptureIsTheSame(t *testing.T) {
	var sums [2][32]byte
	for i := range sums {
		h := sha256.New()
		made, err := WriteCapture(h, 1000)
		if err != nil {
			t.Fatal(err)
		}
		sums[i] = [32]byte(h.Sum(nil))
		if i == 0 {
			t.Logf("%+v", made)
		}
		if mean := made.Bytes / 1000; made.Failed != 100 || mean < 8000 || mean > 9000 {
			t.Errorf("%d failed, and a connection has %d bytes", made.Failed, mean)
		}
	}
	if sums[0] != sums[1] {
		t.Error("the two are not the same")
	}
}

// TestWriteCapture writes the file that the flag names.
func TestWriteCapture(t *testing.T) {
	if *captureFile == "" {
		t.Skip("no -capture FILE")
	}
	f, err := os.Create(*captureFile)
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriterSize(f, 1<<20)
	made, err := WriteCapture(out, *captureCount)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", made)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
