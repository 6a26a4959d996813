/// Runs a pattern over a text: all ways to match at once, one code point after the other (Thompson and Pike).
struct PatternMatcher {
    private let pattern: Pattern
    private let text: [Unicode.Scalar]
    private let capturesGroups: Bool
    private var current: Threads
    private var following: Threads
    private var stack: [Step] = []

    /// The places that are being tried, each once, the preferred ones first.
    private struct Threads {
        var places: [Int] = []
        var captures: [[Int]] = []
        /// In which turn a place was added last.
        var turns: [Int]
        var turn = 0

        init(_ size: Int) { turns = Array(repeating: 0, count: size) }

        mutating func clear() {
            places.removeAll(keepingCapacity: true)
            captures.removeAll(keepingCapacity: true)
            turn += 1
        }

        mutating func visit(_ place: Int) -> Bool {
            guard turns[place] != turn else { return false }
            turns[place] = turn
            return true
        }
    }

    private enum Step {
        case visit(Int)
        /// Puts a noted position back, when what followed it has been tried.
        case restore(slot: Int, position: Int)
    }

    /// Makes a matcher.
    ///
    /// - Parameter capturesGroups: whether the positions of groups are asked for, else only whether there is a match.
    init(_ pattern: Pattern, _ text: [Unicode.Scalar], capturesGroups: Bool) {
        self.pattern = pattern
        self.text = text
        self.capturesGroups = capturesGroups
        current = Threads(pattern.size)
        following = Threads(pattern.size)
    }

    /// The first match at or behind a position: where each group begins and ends, -1 where it has no part.
    mutating func match(from start: Int, _ frame: inout Frame) throws(EvaluationError) -> [Int]? {
        var found: [Int]?
        // More groups cannot be referred to, and each costs a copy at every place.
        let none = capturesGroups ? Array(repeating: -1, count: (min(pattern.groups, 9) + 1) * 2) : []
        current.clear()
        var position = start
        var work = 0
        while true {
            if found == nil {
                var captures = none
                add(0, position, &captures, following: false)
            }
            if current.places.isEmpty, found != nil { break }
            // A place costs a few nanoseconds: many are one step.
            work += current.places.count + 1
            if work > 64 {
                try frame.step(work >> 3)
                work = 0
            }
            following.clear()
            let scalar = position < text.count ? text[position].value : nil
            threads: for index in current.places.indices {
                let place = current.places[index]
                switch pattern.program[place] {
                case .match:
                    found = capturesGroups ? current.captures[index] : []
                    // Threads behind this one are less preferred.
                    break threads
                case .scalar(let wanted):
                    if scalar == wanted { advance(place + 1, position + 1, index) }
                case .set(let set):
                    if let scalar, pattern.sets[set].contains(scalar) { advance(place + 1, position + 1, index) }
                default: break
                }
            }
            if found != nil, !capturesGroups { break }
            swap(&current, &following)
            guard scalar != nil else { break }
            position += 1
        }
        try frame.step(work >> 3)
        return found
    }

    private mutating func advance(_ place: Int, _ position: Int, _ index: Int) {
        var captures = capturesGroups ? current.captures[index] : []
        add(place, position, &captures, following: true)
    }

    /// Adds a place and all that can be reached from it without reading.
    private mutating func add(_ place: Int, _ position: Int, _ captures: inout [Int], following isFollowing: Bool) {
        stack.append(.visit(place))
        while let step = stack.popLast() {
            switch step {
            case .restore(let slot, let old): captures[slot] = old
            case .visit(let place):
                guard isFollowing ? following.visit(place) : current.visit(place) else { continue }
                switch pattern.program[place] {
                case .jump(let target): stack.append(.visit(target))
                case .split(let first, let second):
                    stack.append(.visit(second))
                    stack.append(.visit(first))
                case .save(let slot):
                    if slot < captures.count {
                        stack.append(.restore(slot: slot, position: captures[slot]))
                        captures[slot] = position
                    }
                    stack.append(.visit(place + 1))
                case .assert(let assertion):
                    if holds(assertion, position) { stack.append(.visit(place + 1)) }
                default:
                    if isFollowing {
                        following.places.append(place)
                        if capturesGroups { following.captures.append(captures) }
                    } else {
                        current.places.append(place)
                        if capturesGroups { current.captures.append(captures) }
                    }
                }
            }
        }
    }

    private func holds(_ assertion: PatternSyntax.Assertion, _ position: Int) -> Bool {
        switch assertion {
        case .textStart: position == 0
        case .textEnd: position == text.count
        case .lineStart: position == 0 || text[position - 1] == "\n"
        case .lineEnd: position == text.count || text[position] == "\n"
        case .wordBoundary: isWord(position - 1) != isWord(position)
        case .noWordBoundary: isWord(position - 1) == isWord(position)
        }
    }

    private func isWord(_ position: Int) -> Bool {
        position >= 0 && position < text.count && ScalarSet.isWord(text[position].value)
    }
}
