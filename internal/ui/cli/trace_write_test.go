package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/pcap"
)

// TestTraceWrite writes one connection of several, and has it told of again.
func TestTraceWrite(t *testing.T) {
	name := capture(t)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, want, _ := runTrace("-v", "--failed", name)
	for _, from := range []string{name, "-"} {
		out := filepath.Join(t.TempDir(), "out.pcapng")
		var o, e bytes.Buffer
		if code := Main([]string{"trace", "--failed", "-w", out, from}, bytes.NewReader(whole), &o, &e); code != 0 || !strings.Contains(e.String(), "packets written to") {
			t.Fatalf("%d %s", code, e.String())
		}
		_, got, _ := runTrace("-v", out)
		if n := strings.Count(got, "\n#"); n != 0 || !strings.HasPrefix(got, "#0 192.0.2.1:40002 > ") || strings.Count(got, "\n") != strings.Count(want, "\n") {
			t.Errorf("from %s:\n%s\nwant\n%s", from, got, want)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(out), ".handsel-*")); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
		if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info.Mode(), err)
		}
	}
}

// TestTraceWriteAll writes all connections of captures with everything odd, and
// has the same told of them.
func TestTraceWriteAll(t *testing.T) {
	const captures = "../../../../shared/captures/"
	files, _ := filepath.Glob(captures + "*.pcap*")
	if len(files) == 0 {
		t.Skip("the captures with ground truth are not there")
	}
	for _, name := range files {
		if strings.HasSuffix(name, ".keys") {
			continue
		}
		out := filepath.Join(t.TempDir(), "out.pcapng")
		code, want, _ := runTrace("--all", "--with-keys", "-w", out, name)
		_, got, _ := runTrace("--all", out)
		if code == 0 && got != want {
			t.Errorf("%s:\n%s\nwant\n%s", filepath.Base(name), got, want)
		}
	}
}

func TestTraceWriteKeys(t *testing.T) {
	const name = "../../../../shared/captures/gen__odd-file-ng-dsb.pcapng"
	if _, err := os.Stat(name); err != nil {
		t.Skip("the captures with ground truth are not there")
	}
	out := filepath.Join(t.TempDir(), "out.pcapng")
	if _, _, errs := runTrace("-w", out, name); !strings.Contains(errs, "--with-keys") {
		t.Error(errs)
	}
	secrets := func() []byte {
		r, err := pcap.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		var p pcap.Packet
		if err := r.Next(&p); err != nil {
			t.Fatal(err)
		}
		return r.Secrets()
	}
	if s := secrets(); s != nil {
		t.Errorf("secrets without being asked for: %s", s)
	}
	runTrace("--with-keys", "-w", out, name)
	if _, got, _ := runTrace("-v", out); len(secrets()) == 0 || !strings.Contains(got, "C ->  Finished  16 bytes") {
		t.Error(got)
	}
}

func TestProgressText(t *testing.T) {
	for want, got := range map[string]string{
		"50 % of 100 MB, 50 MB/s, 1s left": progressText(50e6, 100e6, time.Second),
		"0 % of 40 MB, 0 MB/s, ? left":     progressText(0, 40e6, time.Second),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
