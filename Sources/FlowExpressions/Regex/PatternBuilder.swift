/// Turns a pattern into instructions, with a bound on how many.
struct PatternBuilder {
    private(set) var program: [Instruction] = []
    private(set) var sets: [ScalarSet] = []
    /// Parts that were visited: parts that make no instruction must not be repeated without end either.
    private var visits = 0

    /// Adds the whole pattern, as group 0.
    mutating func emitAll(_ syntax: PatternSyntax) throws(EvaluationError) {
        try add(.save(0))
        try emit(syntax)
        try add(.save(1))
        try add(.match)
    }

    private mutating func add(_ instruction: Instruction) throws(EvaluationError) {
        guard program.count < Pattern.maxSize else { throw .pattern("it is too large") }
        program.append(instruction)
    }

    private mutating func emit(_ syntax: PatternSyntax) throws(EvaluationError) {
        visits += 1
        guard visits <= Pattern.maxSize * 4 else { throw .pattern("it is too large") }
        switch syntax {
        case .empty: break
        case .set(let set):
            if let single = set.single {
                try add(.scalar(single))
            } else {
                try add(.set(sets.count))
                sets.append(set)
            }
        case .sequence(let parts): for part in parts { try emit(part) }
        case .alternatives(let alternatives): try emit(alternatives)
        case .group(let inner, let index):
            try add(.save(index * 2))
            try emit(inner)
            try add(.save(index * 2 + 1))
        case .assertion(let assertion): try add(.assert(assertion))
        case .repeated(let part, let least, let most, let isGreedy):
            for _ in 0..<least { try emit(part) }
            if let most {
                try emitOptional(part, count: most - least, isGreedy: isGreedy)
            } else {
                try emitLoop(part, isGreedy: isGreedy)
            }
        }
    }

    private mutating func emit(_ alternatives: [PatternSyntax]) throws(EvaluationError) {
        var ends: [Int] = []
        for (index, alternative) in alternatives.enumerated() {
            guard index < alternatives.count - 1 else {
                try emit(alternative)
                break
            }
            let split = program.count
            try add(.split(split + 1, 0))
            try emit(alternative)
            ends.append(program.count)
            try add(.jump(0))
            program[split] = .split(split + 1, program.count)
        }
        for end in ends { program[end] = .jump(program.count) }
    }

    private mutating func emitOptional(_ part: PatternSyntax, count: Int, isGreedy: Bool) throws(EvaluationError) {
        var splits: [Int] = []
        for _ in 0..<count {
            splits.append(program.count)
            try add(.split(0, 0))
            try emit(part)
        }
        for split in splits { program[split] = fork(split + 1, program.count, isGreedy: isGreedy) }
    }

    private mutating func emitLoop(_ part: PatternSyntax, isGreedy: Bool) throws(EvaluationError) {
        let split = program.count
        try add(.split(0, 0))
        try emit(part)
        try add(.jump(split))
        program[split] = fork(split + 1, program.count, isGreedy: isGreedy)
    }

    private func fork(_ inside: Int, _ outside: Int, isGreedy: Bool) -> Instruction {
        isGreedy ? .split(inside, outside) : .split(outside, inside)
    }
}
