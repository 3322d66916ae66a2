// Command tally runs BoringSSL's runner against the shim and writes the count of
// each category to cmd/bogoshim/results.txt. It runs what config.json disables,
// too: a pattern there that matches nothing that fails is out of date, and what
// fails without a pattern has no reason; both are errors.
//
//	go run ./cmd/bogoshim/tally -runner /somewhere/ssl/test/runner/runner
//
// The runner is a program of BoringSSL's that is built from ssl/test/runner of
// its repository, and runs in that folder. The working directory has to be the
// top of this repository.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	shimConfig  = "cmd/bogoshim/config.json"
	resultsFile = "cmd/bogoshim/results.txt"
)

func main() {
	runner := flag.String("runner", "", "the runner, a program `file`")
	dir := flag.String("dir", "", "the `folder` ssl/test/runner of BoringSSL's repository; that of the runner if it is empty")
	workers := flag.Int("workers", 2, "how many tests run at a time")
	flag.Parse()
	if *runner == "" {
		flag.Usage()
		os.Exit(2)
	}
	if *dir == "" {
		*dir = filepath.Dir(*runner)
	}
	if err := run(*runner, *dir, *workers); err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(1)
	}
}

func run(runner, dir string, workers int) error {
	reasons, err := disabled(shimConfig)
	if err != nil {
		return err
	}
	tests, err := results(runner, dir, workers)
	if err != nil {
		return err
	}
	t := count(tests, reasons)
	if err := os.WriteFile(resultsFile, []byte(t.text()), 0o644); err != nil {
		return err
	}
	fmt.Print(t.text())
	return t.check()
}

// disabled reads which patterns are disabled.
func disabled(file string) ([]string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var config struct{ DisabledTests map[string]string }
	if err := json.Unmarshal(b, &config); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var patterns []string
	for p, reason := range config.DisabledTests {
		if strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s: %s has no reason", file, p)
		}
		patterns = append(patterns, p)
	}
	slices.Sort(patterns)
	return patterns, nil
}

// results runs the suite over TCP, and gives how each test ended: PASS, FAIL or
// SKIP, which stands for a flag that the shim does not have.
func results(runner, dir string, workers int) (map[string]string, error) {
	temp, err := os.MkdirTemp("", "tally")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	shim, out := filepath.Join(temp, "bogoshim"), filepath.Join(temp, "results.json")
	build := exec.Command("go", "build", "-o", shim, "./cmd/bogoshim")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("the shim does not build: %w", err)
	}
	config, err := filepath.Abs(shimConfig)
	if err != nil {
		return nil, err
	}
	if runner, err = filepath.Abs(runner); err != nil {
		return nil, err
	}
	suite := exec.Command(runner, "-shim-path", shim, "-shim-config", config, "-include-disabled", "-skip", strings.Join(elsewhere, ";"),
		"-num-workers", strconv.Itoa(workers), "-allow-unimplemented", "-json-output", out)
	suite.Dir = dir
	log, err := os.Create(filepath.Join(os.TempDir(), "bogo.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	suite.Stdout, suite.Stderr = log, log
	fmt.Fprintln(os.Stderr, "tally: the suite runs, a minute or so; its words are in", log.Name())
	if err := suite.Run(); err != nil {
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) { // it exits with 1 if a test fails
			return nil, err
		}
	}
	b, err := os.ReadFile(out)
	if err != nil {
		return nil, fmt.Errorf("the runner has left no results: %w", err)
	}
	var found struct {
		Tests map[string]struct{ Actual string }
	}
	if err := json.Unmarshal(b, &found); err != nil {
		return nil, err
	}
	tests := make(map[string]string)
	for name, t := range found.Tests {
		tests[name] = t.Actual
	}
	return tests, nil
}
