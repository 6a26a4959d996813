extension Frame {
    /// The positions of values that are all of one type, in the order of the values.
    mutating func sortedPositions(_ values: [CELValue]) throws(EvaluationError) -> [Int] {
        try makeElements(values.count)
        var positions = Array(values.indices)
        var scratch = positions
        // Merged from below: the order of a pair may be an error, which a sort of the library could not pass on.
        var width = 1
        while width < positions.count {
            var start = 0
            while start < positions.count {
                let middle = min(start + width, positions.count)
                let end = min(start + 2 * width, positions.count)
                var (left, right) = (start, middle)
                for index in start..<end {
                    let takesRight: Bool
                    if left == middle {
                        takesRight = true
                    } else if right == end {
                        takesRight = false
                    } else {
                        try step()
                        guard let order = try order(values[positions[right]], values[positions[left]]) else {
                            throw EvaluationError.noSuchOperator("<", values[positions[left]], values[positions[right]])
                        }
                        takesRight = order == .less
                    }
                    scratch[index] = positions[takesRight ? right : left]
                    if takesRight { right += 1 } else { left += 1 }
                }
                start = end
            }
            swap(&positions, &scratch)
            width *= 2
        }
        return positions
    }
}
