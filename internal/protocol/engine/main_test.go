package engine_test

import (
	"os"
	"testing"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

// TestMain lets the pairs of these tests be witnesses: what crossed between them is
// given to observers, who have to tell what the engines have recorded.
func TestMain(m *testing.M) { os.Exit(tlstest.TestMain(m.Run)) }
