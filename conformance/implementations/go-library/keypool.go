// API-key failover for one provider: the policies coder-v1 and coder-v2 in plain Go.
//
// A Pool holds the operator's keys in order. A request walks it once from the front, takes the next
// key that is valid, and tells the pool what the upstream answered. Time is a time.Duration since
// any moment, of a clock that never goes back.
package main

import (
	"errors"
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	defaultCooldown = time.Minute
	maxCooldownMS   = 1_000_000_000_000
)

// State of a key at a moment.
type State string

const (
	Valid     State = "valid"
	Temporary State = "temporary"
	Permanent State = "permanent"
)

// Reason of a mark.
type Reason string

const (
	RateLimited  Reason = "rate_limited"
	Unauthorized Reason = "unauthorized"
)

// Exhausted is the error of a walk that has no key left.
type Exhausted struct {
	Kind       string
	RetryAfter time.Duration
}

func (e *Exhausted) Error() string { return "key pool exhausted: " + e.Kind }

type entry struct {
	key      string
	until    time.Duration
	reason   Reason
	terminal bool
}

func (e *entry) state(now time.Duration) State {
	switch {
	case e.terminal:
		return Permanent
	case now < e.until:
		return Temporary
	default:
		return Valid
	}
}

// Pool is safe for concurrent use.
type Pool struct {
	mu sync.Mutex
	// Whether a 401 only cools a key and a 403 concerns the request (coder-v2).
	lenient bool
	entries []*entry
}

// NewPool refuses an empty list, a repeated key, and one that would be header injection.
func NewPool(keys []string, lenient bool) (*Pool, error) {
	if len(keys) == 0 {
		return nil, errors.New("no keys provided")
	}
	pool := &Pool{lenient: lenient}
	seen := map[string]bool{}
	for _, key := range keys {
		if key == "" || strings.IndexFunc(key, func(r rune) bool { return r < 0x20 || r == 0x7f }) >= 0 {
			return nil, errors.New("invalid key")
		}
		if seen[key] {
			return nil, errors.New("duplicate key")
		}
		seen[key] = true
		pool.entries = append(pool.entries, &entry{key: key})
	}
	return pool, nil
}

func (p *Pool) find(key string) *entry {
	for _, e := range p.entries {
		if e.key == key {
			return e
		}
	}
	return nil
}

// MarkTemporary is true if it took a valid key out. A deadline is never shortened.
func (p *Pool) MarkTemporary(key string, cooldown time.Duration, reason Reason, now time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.find(key)
	if cooldown <= 0 {
		cooldown = defaultCooldown
	}
	before := e.state(now)
	if before == Permanent || now+cooldown < e.until {
		return false
	}
	e.until, e.reason = now+cooldown, reason
	return before == Valid
}

// MarkPermanent is true the first time.
func (p *Pool) MarkPermanent(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.find(key)
	first := !e.terminal
	if first {
		e.terminal, e.reason = true, Unauthorized
	}
	return first
}

// States of all keys, in the operator's order.
func (p *Pool) States(now time.Duration) []State {
	p.mu.Lock()
	defer p.mu.Unlock()
	states := make([]State, len(p.entries))
	for i, e := range p.entries {
		states[i] = e.state(now)
	}
	return states
}

// ReasonOf a key that is not valid; empty for one that is.
func (p *Pool) ReasonOf(key string, now time.Duration) Reason {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.find(key); e.state(now) != Valid {
		return e.reason
	}
	return ""
}

// Refused marks the key for an upstream's answer, and is true if the next key is to be tried.
func (p *Pool) Refused(key string, status int, header http.Header, now time.Duration) bool {
	switch {
	case status == http.StatusTooManyRequests:
		p.MarkTemporary(key, RetryAfter(header), RateLimited, now)
	case status == http.StatusUnauthorized && p.lenient:
		p.MarkTemporary(key, 0, Unauthorized, now)
	case status == http.StatusUnauthorized, status == http.StatusForbidden && !p.lenient:
		p.MarkPermanent(key)
	default:
		return false
	}
	return true
}

func (p *Pool) exhausted(now time.Duration) *Exhausted {
	soonest, cooling, limited := time.Duration(-1), 0, false
	for _, e := range p.entries {
		switch e.state(now) {
		case Valid:
			return &Exhausted{Kind: "rate_limited"}
		case Temporary:
			cooling++
			limited = limited || e.reason == RateLimited
			if wait := e.until - now; soonest < 0 || wait < soonest {
				soonest = wait
			}
		}
	}
	switch {
	case cooling == 0:
		return &Exhausted{Kind: "permanent"}
	case limited:
		return &Exhausted{Kind: "rate_limited", RetryAfter: soonest}
	default:
		return &Exhausted{Kind: "unauthorized", RetryAfter: soonest}
	}
}

// Walk is one request's pass over the pool: forward only, each key at most once.
type Walk struct {
	pool               *Pool
	position, attempts int
}

// Walk begins at the first key.
func (p *Pool) Walk() *Walk { return &Walk{pool: p} }

// Next is the next valid key, or an *Exhausted.
func (w *Walk) Next(now time.Duration) (string, error) {
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	for w.position < len(w.pool.entries) {
		e := w.pool.entries[w.position]
		w.position++
		if e.state(now) == Valid {
			w.attempts++
			return e.key, nil
		}
	}
	return "", w.pool.exhausted(now)
}

var (
	milliseconds = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	seconds      = regexp.MustCompile(`^[0-9]+$`)
)

// RetryAfter is the cooldown that a response asks for; zero if it asks for none.
func RetryAfter(header http.Header) time.Duration {
	if wait := parseWait(header.Get("Retry-After-Ms"), milliseconds, 1); wait > 0 {
		return wait
	}
	return parseWait(header.Get("Retry-After"), seconds, 1000)
}

func parseWait(text string, grammar *regexp.Regexp, unitMS int64) time.Duration {
	text = strings.Trim(text, " \t")
	if !grammar.MatchString(text) {
		return 0
	}
	value, ok := new(big.Rat).SetString(text)
	if !ok || value.Mul(value, big.NewRat(unitMS, 1)).Cmp(big.NewRat(maxCooldownMS, 1)) > 0 || value.Sign() == 0 {
		return 0
	}
	value.Mul(value, big.NewRat(int64(time.Millisecond), 1))
	wait := time.Duration(new(big.Int).Quo(value.Num(), value.Denom()).Int64())
	if wait < time.Millisecond {
		return time.Millisecond
	}
	return wait
}

// ClientKey is the key that the client itself brings, with which the pool is not involved.
func ClientKey(provider string, header http.Header) string {
	names := []string{"Authorization"}
	if provider == "anthropic" {
		names = []string{"X-Api-Key", "Authorization"}
	}
	for _, name := range names {
		if value := header.Get(name); value != "" {
			return strings.TrimPrefix(value, "Bearer ")
		}
	}
	return ""
}
