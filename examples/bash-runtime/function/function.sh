handler() {
  # What is not the result goes to the log.
  echo "the event has ${#1} characters" >&2
  echo "{\"message\":\"Hello from Bash ${BASH_VERSION}\",\"event\":$1}"
}
