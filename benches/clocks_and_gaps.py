#!/usr/bin/env python3
"""Compares the clocks and gaps of reports with the truth of simulated incidents.

    benches/clocks_and_gaps.py SUITE PATH/TO/causeline [CASE ...]

SUITE holds `cases/NAME.zip` and `truth/NAME.json` with `scene.clock_offset_minutes` (by host, to a tenth of a minute)
and `scene.gaps` (host, from, to). Only differences of clocks can be seen, so the median over hosts is taken off first.
"""
import json, subprocess, sys, tempfile, zipfile, pathlib, datetime as dt, statistics as st
suite, binary = pathlib.Path(sys.argv[1]), sys.argv[2]
names = sys.argv[3:] or sorted(p.stem for p in (suite/'truth').glob('*.json'))
t = lambda s: dt.datetime.fromisoformat(s.replace('Z','+00:00'))
errs=[]; n_hosts=n_est=n_in=0; found=tot=inv=0; res=[]
for name in names:
    truth = json.load(open(suite/'truth'/f'{name}.json')); scene=truth['scene']
    with tempfile.TemporaryDirectory() as d:
        d=pathlib.Path(d); zipfile.ZipFile(suite/'cases'/f'{name}.zip').extractall(d/name)
        r=subprocess.run([binary,'analyze',str(d/name),'-o',str(d/'out'),'--format','json','-q'],capture_output=True,text=True)
        if r.returncode: print(name,'status',r.returncode,r.stderr[-300:]); continue
        rep=json.load(open(d/'out'/'report.json'))
    truth_off={h.lower():m*60 for h,m in scene['clock_offset_minutes'].items()}
    own=[c for c in rep['clocks'] if c['source'] is None and c['offset_seconds'] and (c['host.name'] or '').lower() in truth_off]
    n_hosts+=len(truth_off); n_est+=len(own)
    if own:
        diff=[c['offset_seconds']['value']-truth_off[c['host.name'].lower()] for c in own]
        shift=st.median(diff)  # what the clock of reference is off by
        e=[x-shift for x in diff]; errs+=e
        n_in+=sum(c['offset_seconds']['lower']<=truth_off[c['host.name'].lower()]+shift<=c['offset_seconds']['upper'] for c in own)
        print(name,truth['layout']['app'],'clocks',len(own),'of',len(truth_off),'reference off by %.1f s'%-shift,'errors',['%.1f'%x for x in e],'n',[c['n_pairs'] for c in own],'latency',[c['latency_seconds'] for c in own][:3])
    else: print(name,truth['layout']['app'],'no clocks of',len(truth_off))
    steps=[(c['host.name'],s) for c in rep['clocks'] for s in c['steps']]
    if steps: print('   steps',[(h,s['at'][:16],s['seconds'],s['how_known']) for h,s in steps][:5],len(steps))
    print('   begins',{k:sum(c['begins']==k for c in rep['coverage']) for k in ('first-record','rolled-over','cleared','unknown')}, 'load', [(x['host.name'],x['n_hours'],round(x['ratio']['value'],2),round(x['correlation']['value'],2),x['agrees']) for x in rep['load_checks']][:4])
    gaps=[(c['host.name'],c['source'],g) for c in rep['coverage'] for g in c['gaps']]
    for h,a,b in scene['gaps']:
        tot+=1; a,b=t(a),t(b)
        hit=[g for g in gaps if g[0].lower()==h.lower() and t(g[2]['start'])<b and t(g[2]['end'])>a]
        found+=bool(hit)
        if not hit: print('   missed',h,a,b)
    for h,s,g in gaps:
        real=any(h.lower()==x[0].lower() and t(g['start'])<t(x[2]) and t(g['end'])>t(x[1]) for x in scene['gaps'])
        if not real: inv+=1; print('   invented',h,s,g['start'],g['end'],g['kind'],g['n_missing'])
    kinds={}
    for *_,g in gaps: kinds[(g['kind'],g['n_missing'])]=kinds.get((g['kind'],g['n_missing']),0)+1
    print('   gap rows',kinds, flush=True)
if errs: print('hosts',n_hosts,'estimated',n_est,'|error| median %.2f s, max %.2f s'%(st.median(map(abs,errs)),max(map(abs,errs))),'inside interval %d'%n_in)
print('gaps of truth',tot,'found',found,'; gap rows that are in no gap of truth',inv)
