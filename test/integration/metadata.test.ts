import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProject, type Project } from '../support/project.js';

const LIMIT_MS = 120_000;

const PYTHON = `
import http.client, os

PATH = "/2026-01-15/metadata/execution-environment"

def ask(method, token):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_METADATA_API"])
    connection.request(method, PATH, headers={"Authorization": "Bearer " + token})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return [answer.status, answer.getheader("Cache-Control"), body]

def handler(event, context):
    token = os.environ["AWS_LAMBDA_METADATA_TOKEN"]
    return {
        "token": token,
        "asked": ask("GET", token),
        "foreign": ask("GET", event.get("token", "wrong"))[0],
        "posted": ask("POST", token)[0],
    }
`;

describe('the metadata endpoint', () => {
  let project: Project;
  beforeAll(async () => {
    project = await startProject(
      { one: { files: { 'app.py': PYTHON } }, two: { files: { 'app.py': PYTHON } } },
      { watch: false, region: 'eu-west-1' },
    );
  }, LIMIT_MS);
  afterAll(() => project.stop(), LIMIT_MS);

  it(
    'tells an environment its zone, for the token of that environment only',
    async () => {
      const one = (await project.invoke('one')).json as { token: string };
      expect(one).toEqual({
        token: expect.stringMatching(/^[0-9a-f]{64}$/),
        asked: [200, 'private, max-age=43200, immutable', '{"AvailabilityZoneID":"euw1-az1"}'],
        foreign: 401,
        posted: 405,
      });
      const { token } = one;
      const two = (await project.invoke('two', { token })).json as { token: string };
      expect(two).toMatchObject({ foreign: 401 });
      expect(two.token).not.toBe(token);
    },
    LIMIT_MS,
  );
});
