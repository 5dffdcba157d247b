package main

import (
	"container/heap"
	"encoding/json"
	"net/http"
	"time"
)

// A decision case as the suite hands it over. Nothing here depends on the implementation.

type fault struct{ At string }

type step struct {
	Status  int
	Headers map[string]any
	DelayMS float64 `json:"delay_ms"`
	Times   int
	Fault   *fault
}

type lane struct {
	Steps []step
	AtEnd string `json:"at_end"`
}

type request struct {
	ID      string
	AtMS    *float64 `json:"at_ms"`
	Headers map[string]any
	Byok    string
}

type check struct {
	AtMS float64 `json:"at_ms"`
}

type decisionCase struct {
	ID         string
	Provider   string
	Keys       []string
	Lanes      map[string]*lane
	Requests   []request
	Checks     []check
	Operations []operation
}

// answer of an upstream; nil where the connection failed.
type answer struct {
	status int
	header http.Header
}

func moment(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

func headerOf(fields map[string]any) http.Header {
	header := http.Header{}
	for name, value := range fields {
		switch value := value.(type) {
		case string:
			header.Add(name, value)
		case []any:
			for _, one := range value {
				text, _ := one.(string)
				header.Add(name, text)
			}
		}
	}
	return header
}

// server is what the implementation does with one request: Begin and then Answer as long as they
// give a key; an outcome ends it.
type server interface {
	Begin(now time.Duration) (key string, outcome any)
	Answer(got *answer, now time.Duration) (key string, outcome any)
}

// The order of events at one moment.
const (
	answered = iota
	started
	checked
)

type event struct {
	at          time.Duration
	kind, order int
	index       int
}

type events []event

func (e events) Len() int      { return len(e) }
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}
func (e events) Less(i, j int) bool {
	a, b := e[i], e[j]
	if a.at != b.at {
		return a.at < b.at
	}
	if a.kind != b.kind {
		return a.kind < b.kind
	}
	return a.order < b.order
}

type running struct {
	server   server
	attempts []string
	got      *answer
}

type player struct {
	test   *decisionCase
	now    time.Duration
	events events
	taken  map[string]int
	begun  int
	trace  []any
	serve  func(request) server
	states func(now time.Duration) []State
	active map[int]*running
}

// play gives the trace of a case.
func play(test *decisionCase, serve func(request) server, states func(time.Duration) []State) []any {
	p := &player{test: test, serve: serve, states: states,
		taken: map[string]int{}, active: map[int]*running{}, trace: []any{}}
	for i, r := range test.Requests {
		if r.AtMS != nil {
			heap.Push(&p.events, event{moment(*r.AtMS), started, i, i})
		} else if i == 0 {
			heap.Push(&p.events, event{0, started, i, i})
		}
	}
	for i, c := range test.Checks {
		heap.Push(&p.events, event{moment(c.AtMS), checked, i, i})
	}
	for p.events.Len() > 0 {
		next := heap.Pop(&p.events).(event)
		p.now = next.at
		switch next.kind {
		case started:
			one := &running{server: p.serve(test.Requests[next.index]), attempts: []string{}}
			p.active[next.index] = one
			key, outcome := one.server.Begin(p.now)
			p.proceed(next.index, key, outcome)
		case answered:
			one := p.active[next.index]
			key, outcome := one.server.Answer(one.got, p.now)
			p.proceed(next.index, key, outcome)
		case checked:
			p.trace = append(p.trace, map[string]any{"check": next.index, "states": p.states(p.now)})
		}
	}
	return p.trace
}

// proceed goes on until an answer takes time, or the request has ended.
func (p *player) proceed(index int, key string, outcome any) {
	one := p.active[index]
	for outcome == nil {
		one.attempts = append(one.attempts, key)
		s := p.take(key)
		one.got = &answer{s.Status, headerOf(s.Headers)}
		if s.Fault != nil && s.Fault.At == "before_head" {
			one.got = nil
		}
		if s.DelayMS > 0 {
			heap.Push(&p.events, event{p.now + moment(s.DelayMS), answered, p.begun, index})
			p.begun++
			return
		}
		key, outcome = one.server.Answer(one.got, p.now)
	}
	p.trace = append(p.trace, map[string]any{
		"request": p.test.Requests[index].ID, "attempts": one.attempts, "outcome": outcome})
	if next := index + 1; next < len(p.test.Requests) && p.test.Requests[next].AtMS == nil {
		heap.Push(&p.events, event{p.now, started, next, next})
	}
}

// take is the next step of the lane that serves the key.
func (p *player) take(key string) step {
	name := key
	if p.test.Lanes[name] == nil {
		name = "default"
	}
	count := p.taken[name]
	p.taken[name]++
	var steps []step
	l := p.test.Lanes[name]
	if l == nil {
		l = &lane{}
	}
	for _, s := range l.Steps {
		if s.Status == 0 {
			s.Status = http.StatusOK
		}
		steps = append(steps, s)
		for i := 1; i < s.Times; i++ {
			steps = append(steps, s)
		}
	}
	switch {
	case count < len(steps):
	case l.AtEnd == "loop" && len(steps) > 0:
		count %= len(steps)
	case l.AtEnd == "repeat_last" && len(steps) > 0:
		count = len(steps) - 1
	default:
		return step{Status: 599}
	}
	return steps[count]
}

func decode(raw json.RawMessage) (*decisionCase, error) {
	test := &decisionCase{}
	return test, json.Unmarshal(raw, test)
}
