// SPDX-License-Identifier: GPL-2.0-only
/*
 * flame: a profile as a picture, in one SVG file that needs nothing else.
 * Owns how it looks. Every frame is an <svg> of its own, placed in percent: it
 * fits any width and cuts its name off, with no script. Never decides what is
 * in the profile.
 */
#include <string.h>
#include "core/text.h"
#include "lib/out.h"
#include "lib/timefmt.h"
#include "lib/utf8.h"
#include "sink/flame.h"

#define FLUSH_AT	(64 * 1024)
#define ROW		19		/* px */
#define TOP		58		/* above the first row */
#define BOTTOM		30
/* Names are cut for this width; where it is another one the script does it
 * again, and without it what is too long is clipped. */
#define NOMINAL		1200
#define CHARACTER	7.25		/* px, of 12 px monospace */
/* Narrower frames are not drawn: half a pixel. */
#define NARROWEST	(0.5 / NOMINAL)

/*
 * @from, @next: by depth: where the frame began, and where its next child goes,
 *               as parts of the whole
 * @cut:         depth below which nothing is drawn, as its caller is not
 */
struct flame {
	int fd;
	struct buf out, name;
	uint64_t whole;
	double from[PROFILE_DEPTH_MAX + 1], next[PROFILE_DEPTH_MAX + 1];
	unsigned int deepest, cut;
	uint64_t undrawn;
	bool draw;
};

static const char style[] =
	"<style>\n"
	"text{font:12px \"DejaVu Sans Mono\",Menlo,Consolas,monospace;fill:#111}\n"
	".bg{fill:#fff}\n"
	".h{font-size:15px;font-weight:bold}.n{fill:#555}\n"
	".f rect{stroke:#fff;stroke-width:1}\n"
	".f:hover rect{stroke:#000}.up{opacity:.55}\n"
	".js .f{cursor:pointer}\n"
	"@media(prefers-color-scheme:dark){.bg{fill:#1c1c1c}"
	".h,.n{fill:#ddd}.f rect{stroke:#1c1c1c}}\n"
	"</style>\n";

/*
 * Zooms: a click gives a frame the whole width. And fits the names to it.
 * data-x and data-w are in percent of the whole.
 */
static const char script[] =
	"<script><![CDATA[\n"
	"(function(){\n"
	"var r=document.documentElement,fs=r.querySelectorAll('.f'),"
	"say=r.querySelector('.say'),said=say.textContent,X=0,W=100;\n"
	"r.classList.add('js');\n"
	"function num(e,k){return parseFloat(e.getAttribute(k))}\n"
	"function name(e){return e.querySelector('title').textContent"
	".split('\\n')[0]}\n"
	"function fit(){\n"
	" var px=r.getBoundingClientRect().width;\n"
	" fs.forEach(function(e){\n"
	"  var x=num(e,'data-x'),w=num(e,'data-w'),t=e.querySelector('text'),"
	"n=Array.from(name(e)),up=x<X-1e-4||x+w>X+W+1e-4;\n"
	"  if(x+w<=X+1e-6||x>=X+W-1e-6){e.style.display='none';return}\n"
	"  e.style.display='';e.classList.toggle('up',up);\n"
	"  var a=Math.max(0,(x-X)*100/W),b=Math.min(100,(x+w-X)*100/W);\n"
	"  e.setAttribute('x',a+'%');e.setAttribute('width',(b-a)+'%');\n"
	"  var room=Math.floor(((b-a)*px/100-6)/7.25);\n"
	"  t.textContent=room>=n.length?n.join(''):room<2?'':"
	"n.slice(0,room-1).join('')+'\\u2026';\n"
	" })}\n"
	"fs.forEach(function(e){\n"
	" e.addEventListener('click',function(){"
	"X=num(e,'data-x');W=num(e,'data-w');fit()});\n"
	" e.addEventListener('mouseover',function(){"
	"say.textContent=e.querySelector('title').textContent"
	".replace(/\\n/g,', ')});\n"
	" e.addEventListener('mouseout',function(){say.textContent=said})});\n"
	"addEventListener('keydown',function(k){"
	"if(k.key==='Escape'){X=0;W=100;fit()}});\n"
	"addEventListener('resize',fit);fit();\n"
	"})();\n"
	"]]></script>\n";

/* --- words ------------------------------------------------------------------ */

static void add_xml(struct buf *out, const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		switch (p[i]) {
		case '&':
			buf_adds(out, "&amp;");
			break;
		case '<':
			buf_adds(out, "&lt;");
			break;
		case '>':
			buf_adds(out, "&gt;");
			break;
		case '"':
			buf_adds(out, "&quot;");
			break;
		default:
			buf_addc(out, p[i]);
		}
}

/* As much of a name as a box of so many characters holds. */
static void add_fitted(struct buf *out, const struct buf *name, size_t room)
{
	size_t len = name->len;

	if (room < 2)
		return;
	if (utf8_width(name->p, len) <= room) {
		add_xml(out, name->p, len);
		return;
	}
	len = utf8_fit(name->p, len, room - 1, NULL);
	add_xml(out, name->p, len);
	buf_adds(out, "\xe2\x80\xa6");
}

static void add_title(struct flame *f, const struct profile_frame *frame)
{
	unsigned int share = profile_share(frame->total_ns, f->whole);
	char text[DURATION_MAX];

	duration_format(text, frame->total_ns);
	buf_adds(&f->out, "<title>");
	add_xml(&f->out, f->name.p, f->name.len);
	buf_printf(&f->out, "\n%s, %u.%u %% of all", text, share / 10,
		   share % 10);
	if (frame->deaths)
		buf_printf(&f->out, ", %llu death%s",
			   (unsigned long long)frame->deaths,
			   frame->deaths == 1 ? "" : "s");
	if (frame->self_ns && frame->self_ns < frame->total_ns) {
		duration_format(text, frame->self_ns);
		buf_printf(&f->out, ", %s in itself", text);
	}
	buf_adds(&f->out, "</title>");
}

/* --- colours: a hue for each phase, blue for what waits --------------------- */

static void add_fill(struct flame *f, const struct profile_frame *frame)
{
	unsigned int hue, saturation = 62, light = 74, vary = 0;
	const char *p = frame->name;
	size_t i;

	/* The same name has the same colour in every picture: no seed. */
	for (i = 0; i < frame->name_len; i++)
		vary = vary * 31 + (unsigned char)p[i];
	/* The golden angle keeps neighbours apart. */
	hue = (unsigned int)frame->phase * 1375 / 10 % 360;
	switch (frame->kind) {
	case FRAME_ALL:
		hue = saturation = 0;
		light = 84;
		break;
	case FRAME_GROUP:
		hue = 42;
		saturation = 35;
		light = 76 + vary % 8;
		break;
	case FRAME_PHASE:
		break;
	case FRAME_OFF_CPU:
	case FRAME_CALL:
		light = 78 + vary % 8;
		if (frame->off_cpu) {
			hue = 212;
			saturation = 48;
		}
		break;
	}
	buf_printf(&f->out, "hsl(%u,%u%%,%u%%)", hue, saturation, light);
}

static void add_frame(struct flame *f, const struct profile_frame *frame,
		      double from, double part)
{
	double room = part * NOMINAL - 6;

	buf_clear(&f->name);
	text_escape(&f->name, frame->name, frame->name_len);
	buf_printf(&f->out,
		   "<svg class=\"f\" x=\"%.4f%%\" y=\"%u\" width=\"%.4f%%\" "
		   "height=\"%u\" data-x=\"%.4f\" data-w=\"%.4f\">",
		   from * 100, TOP + frame->depth * ROW, part * 100, ROW,
		   from * 100, part * 100);
	add_title(f, frame);
	buf_adds(&f->out, "<rect width=\"100%\" height=\"100%\" fill=\"");
	add_fill(f, frame);
	buf_adds(&f->out, "\"/><text x=\"3\" y=\"13.5\">");
	add_fitted(&f->out, &f->name,
		   room > 0 ? (size_t)(room / CHARACTER) : 0);
	buf_adds(&f->out, "</text></svg>\n");
}

/* --- the picture ------------------------------------------------------------ */

static int visit(void *ctx, const struct profile_frame *frame)
{
	struct flame *f = ctx;
	unsigned int d = frame->depth;
	double part = (double)frame->total_ns / (double)f->whole;

	if (d > f->cut)
		return 0;
	f->cut = PROFILE_DEPTH_MAX;
	if (d) {
		f->from[d] = f->next[d - 1];
		f->next[d - 1] += part;
	}
	f->next[d] = f->from[d];
	if (part < NARROWEST) {
		f->cut = d;
		f->undrawn++;
		return 0;
	}
	if (d > f->deepest)
		f->deepest = d;
	if (!f->draw)
		return 0;
	add_frame(f, frame, f->from[d], part);
	return f->out.len >= FLUSH_AT || f->out.err ?
		       out_flush(f->fd, &f->out) :
		       0;
}

static void start(struct flame *f, bool draw)
{
	f->draw = draw;
	f->cut = PROFILE_DEPTH_MAX;
	f->undrawn = 0;
	f->from[0] = 0;
}

static void add_head(struct flame *f, const struct flame_look *look)
{
	unsigned int height = TOP + (f->deepest + 1) * ROW + BOTTOM;

	buf_printf(&f->out,
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" "
		   "height=\"%u\" style=\"width:100%%\" role=\"img\" "
		   "aria-label=\"",
		   NOMINAL, height);
	add_xml(&f->out, look->title, strlen(look->title));
	buf_adds(&f->out, "\">\n");
	buf_adds(&f->out, style);
	buf_adds(&f->out,
		 "<rect class=\"bg\" width=\"100%\" height=\"100%\"/>\n"
		 "<text class=\"h\" x=\"6\" y=\"22\">");
	add_xml(&f->out, look->title, strlen(look->title));
	buf_adds(&f->out, "</text>\n<text class=\"n\" x=\"6\" y=\"44\">");
	add_xml(&f->out, look->subtitle, strlen(look->subtitle));
	buf_adds(&f->out, "</text>\n");
}

static void add_foot(struct flame *f)
{
	buf_printf(&f->out, "<text class=\"n say\" x=\"6\" y=\"%u\">",
		   TOP + (f->deepest + 1) * ROW + 20);
	if (f->undrawn)
		buf_printf(&f->out, "%llu too narrow to be drawn",
			   (unsigned long long)f->undrawn);
	buf_adds(&f->out, "</text>\n");
	if (f->whole)
		buf_adds(&f->out, script);
	buf_adds(&f->out, "</svg>\n");
}

int flame_write(int fd, const struct profile *p, const struct flame_look *look)
{
	struct flame f = { .fd = fd, .whole = p->all.kernel.sum };
	int err = 0;

	if (f.whole) {
		start(&f, false);
		err = profile_walk(p, visit, &f);
	}
	add_head(&f, look);
	if (f.whole && !err) {
		start(&f, true);
		err = profile_walk(p, visit, &f);
	}
	add_foot(&f);
	if (!err)
		err = out_flush(fd, &f.out);
	buf_free(&f.out);
	buf_free(&f.name);
	return err;
}
