/// A backend that leaves all planning to the service: its ``Backend/executeWorkflow(_:)`` is the default.
///
/// A run on it is driven as far as nothing has to be waited for before it gets a task of its own.
public protocol PlannedByService: Backend {}
