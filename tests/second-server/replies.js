// What the two providers' answers look like.
//
//   const replies = create(provider, options);
//   replies.refusal(status, message, { code, issues })    { status, body }
//   replies.created(task, shape)                          { status, body }
//   replies.task(task, view)                              { status, body }
//   replies.notFound()                                    of a task
//   replies.notExistYet()                                 the gateway's, in turns
//   replies.noSuchPath(method, path)                      { status, headers, text }
//
// CometAPI's gateway may wrap a task, or hand it through: options.wrap is never,
// mixed (every other task) or always, and then the answer to a create is wrapped as
// well. It tells no estimate for every third task.
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const WRAPPED = {
    PENDING: 'QUEUED', THROTTLED: 'QUEUED', RUNNING: 'IN_PROGRESS', SUCCEEDED: 'SUCCESS', FAILED: 'FAILURE',
    CANCELLED: 'FAILURE',
};

const page = (title, text) => `<!DOCTYPE html>\n<html><head><title>${title}</title></head>`
    + `<body><h1>${title}</h1><p>${text}</p></body></html>\n`;

function runway(options) {
    return {
        refusal: (status, message, { issues } = {}) => ({
            status,
            body: issues ? { error: 'Validation of body failed', issues, docUrl: 'https://docs.dev.runwayml.com/api' }
                : { error: message },
        }),
        created: (task) => ({
            status: 200, body: { id: task.id, ...(options.bare ? {} : { estimatedCost: { credits: task.estimated } }) },
        }),
        task: (task, view) => ({ status: 200, body: view }),
        notFound: () => ({ status: 404, body: { error: 'Could not find Task' } }),
        noSuchPath: () => ({ status: 404, body: { error: 'Not found' } }),
    };
}

function cometapi(options) {
    let turn = 0;
    const error = (status, message, code = 'invalid_request') => ({
        status, body: { error: { message, type: 'comet_api_error', param: '', code } },
    });
    const wraps = (task) => options.wrap === 'always' || (options.wrap === 'mixed' && task.n % 2 === 0);
    return {
        refusal: (status, message, { code, issues } = {}) => error(status,
            issues ? `Validation of body failed: ${issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ')}` : message, code),
        created: (task) => {
            if (options.wrap === 'always') return { status: 200, body: { code: 'success', message: '', data: task.id } };
            const bare = options.bare || task.n % 3 === 0;
            return { status: 200, body: { id: task.id, ...(bare ? {} : { estimatedCost: { credits: task.estimated } }) } };
        },
        task: (task, view) => {
            if (!wraps(task)) return { status: 200, body: view };
            return {
                status: 200,
                body: {
                    code: 'success', message: '',
                    data: {
                        task_id: String(task.id), status: WRAPPED[view.status], fail_reason: view.failure || '',
                        progress: `${Math.round((view.status === 'SUCCEEDED' ? 1 : view.progress || 0) * 100)}%`, data: view,
                    },
                },
            };
        },
        notFound: () => error(404, 'task_not_exist', 'task_not_exist'),
        notExistYet: () => [
            { status: 200, body: { code: 'task_not_exist', message: 'task_not_exist', data: null } },
            error(400, 'task_not_exist', 'task_not_exist'),
            error(404, 'task_not_exist', 'task_not_exist'),
        ][turn++ % 3],
        noSuchPath: (method) => (method === 'GET'
            ? { status: 301, headers: { Location: '/' }, text: '' }
            : { status: 404, text: page('404 Not Found', 'Nothing is here.') }),
    };
}

function create(provider, options) {
    const own = provider === 'runway' ? runway(options) : cometapi(options);
    const { created } = own;
    own.created = (task, shape) => {
        switch (shape) {
        case 'string': return { status: 200, body: { code: 'success', data: String(task.id) } };
        case 'created': return { ...created(task), status: 201 };
        case 'number':
        case 'bare': return { status: 200, body: { id: task.id } };
        default: return created(task);
        }
    };
    own.notExistYet ??= own.notFound;
    return own;
}

module.exports = { create, page };
