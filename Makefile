# What contributors type most often. CONTRIBUTING.md says when.
.PHONY: test peers lint bench bench-trace bench-serve fuzz generate

test:
	go test ./...

peers: # with every program installed
	HANDSEL_PEERS=required go test ./...

lint:
	gofmt -l . && go vet ./... && go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

bench: # the table; needs libssl-dev
	go test -tags openssl -run '^$$' -bench Table ./bench

bench-trace: # beside tshark and ssldump, if they are installed
	go test -run '^$$' -bench Trace ./bench

bench-serve: # beside nginx, HAProxy and Caddy, if they are installed
	go test -run '^$$' -bench '^Benchmark(Serve|Many)$$' -benchtime 1x -timeout 1h ./bench

fuzz: # every target for ten seconds
	@for p in $$(go list ./internal/... ./tls); do \
		for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
			echo "$$p $$f" && go test -run '^$$' -fuzz "^$$f$$" -fuzztime 10s -fuzzminimizetime 1x $$p || exit 1; \
		done; \
	done

generate:
	go generate ./...
