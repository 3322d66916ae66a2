//go:build unix

package sites

import (
	"path/filepath"
	"syscall"
	"testing"
)

func TestFolderWithPipe(t *testing.T) {
	dir := newFolder(t)
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Skip("no named pipes here:", err)
	}
	if status, _, _ := raw(t, serveFolder(t, dir), "GET", "/pipe"); status != 404 {
		t.Error(status)
	}
}
