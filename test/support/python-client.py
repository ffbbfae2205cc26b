"""
An unmodified python-socketio: the library reconnects, and this program logs in, or resumes with its ticket and the highest
seq. Usage: python-client.py sync|asyncio URL TRANSPORTS LOGIN. Prints a line of JSON for each event.
"""
import asyncio
import json
import sys
import threading

import socketio

kind, url, transports, login = sys.argv[1:]
options = {'reconnection_delay': 0.1, 'reconnection_delay_max': 0.5, 'randomization_factor': 0.1}
client = socketio.AsyncClient(**options) if kind == 'asyncio' else socketio.Client(**options)
ticket = None
highest = 0
# the library calls each handler in a thread of its own
lock = threading.Lock()


def report(event, **fields):
    with lock:
        print(json.dumps({'event': event, **fields}), flush=True)


def emit(event, data, callback):
    result = client.emit(event, data, callback=callback)
    if kind == 'asyncio':
        asyncio.get_running_loop().create_task(result)


def entered(status, data=None, *rest):
    global ticket, highest
    if status != 'ok':
        report('refused', message=data)
        return
    ticket = data.get('reconnectionTicket') or data['ticket']
    if 'reconnectionTicket' in data:
        highest = data['seq']
    report('entered', sid=client.sid, transport=client.transport(), complete=data.get('complete', True))


# declared with `def`, for both kinds of client
@client.on('connect')
def connected():
    if ticket is None:
        emit('login', json.loads(login), entered)
    else:
        emit('relogin', {'ticket': ticket, 'seq': highest}, entered)


@client.on('text')
def text(data, meta):
    global highest
    highest = max(highest, meta['seq'])
    report('text', number=int(data['message']))


@client.on('disconnect')
def disconnected(*reason):
    report('disconnected')


async def run():
    await client.connect(url, transports=transports.split(','))
    await asyncio.Event().wait()


if kind == 'asyncio':
    asyncio.run(run())
else:
    client.connect(url, transports=transports.split(','))
    threading.Event().wait()
