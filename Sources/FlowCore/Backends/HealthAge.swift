/// How old an answer to the question after a backend's health may be.
///
/// It goes with the task: whoever chooses among many backends, for each of many submissions, is content with what was
/// learned a moment ago; whoever asks one backend wants to know how it is now. A backend whose answer costs a call takes
/// the age into account, and passes the question on as it came.
public enum HealthAge {
    /// How old the answer may be; zero when the backend has to be asked.
    @TaskLocal public static var acceptable: Duration = .zero
}
