//! Articles that people add from chat, by address or file; what a changed page changed; who may add to what.

use std::path::Path;
use std::sync::{Arc, Mutex};

use byline::chat::kept::Kept;
use byline::chat::text::{Style, render_whole, render_with_page};
use byline::intake::fetch::Fetcher;
use byline::intake::{mirror, web};
use byline::library::store::{SHARED, Store, StoreUrl};
use byline::reply::{Block, Checked, Outcome};
use byline::router::{Args, Desks, Place, Progress, Router, Settings, table};

#[allow(dead_code, reason = "shared with the fetcher's tests")]
#[path = "fetch/support.rs"]
mod support;
use support::{Reply, Server};

/// A site with one article whose words can be changed, and pages that are none.
struct Site {
    server: Server,
    words: Arc<Mutex<String>>,
}

const FIRST: &str = "<p>The old ferry to the islands will be laid up on Friday, the harbour office said in a statement on Tuesday.</p>\
    <p>“She has carried us for forty years,” said Ann Leeworthy, the ferry's captain. “Nobody will forget her.”</p>\
    <p>A new ferry has been ordered from the yard at Lund, and is expected in the islands before the end of the year.</p>\
    <p>Until then a bus will run over the dam at low water, four times a day in summer and twice a day in winter.</p>";

fn page(title: &str, body: &str) -> String {
    format!(
        "<html lang=\"en\"><head><title>{title}</title><meta property=\"og:site_name\" content=\"Harbour Courier\"></head>\
             <body><article><h1>{title}</h1>{body}</article></body></html>"
    )
}

impl Site {
    async fn new() -> Self {
        let words = Arc::new(Mutex::new(FIRST.to_owned()));
        let shown = Arc::clone(&words);
        let server = Server::start(move |request| {
            match request.path.split('?').next().unwrap_or_default() {
            "/ferry" | "/ferry/amp" => Reply::page(&page("Ferry is laid up", &shown.lock().unwrap())),
            "/closed" => Reply::page(&page("Ferry", "<p>Subscribe to continue reading this article.</p>")),
            "/cdn/notes%20of%20may.txt" => Reply::with(
                "200 OK",
                "Content-Type: application/octet-stream\r\n",
                b"Notes of May\n\nThe pier was painted in May.\n",
            ),
            "/cdn/two.jsonl" => Reply::with(
                "200 OK",
                "Content-Type: application/octet-stream\r\n",
                b"{\"title\":\"A\",\"text\":\"It rained all day.\"}\n{\"title\":\"B\",\"text\":\"It was dry at night.\"}\n",
            ),
            _ => Reply::status("404 Not Found"),
        }
        });
        Self { server: server.await, words }
    }

    fn url(&self, path: &str) -> String {
        self.server.url("127.0.0.1", path)
    }

    fn change(&self, from: &str, to: &str) {
        let mut words = self.words.lock().unwrap();
        assert!(words.contains(from));
        *words = words.replace(from, to);
    }

    fn fetcher(&self) -> Fetcher {
        Fetcher::new(support::open(&self.server))
    }
}

async fn open(folder: &Path, site: &Site, settings: Settings) -> (Store, Router) {
    let store = Store::open(&StoreUrl::file(folder.join("byline.db"))).await.unwrap();
    let desks = Desks::new(store.clone(), folder.join("index"), settings);
    (store, Router::over(desks).with_web(site.fetcher()))
}

fn place(community: &str, manager: bool) -> Place {
    Place { network: "discord".into(), community: community.into(), channel: None, manager }
}

fn shown(reply: &Checked) -> String {
    render_whole(reply, Style::default())
}

async fn told(router: &Router, place: &Place, line: &str) -> String {
    shown(&router.answer_text(place, line).await)
}

#[tokio::test]
async fn each_address_is_told_of_for_itself() {
    let (site, folder) = (Site::new().await, tempfile::tempdir().unwrap());
    let (_, router) = open(folder.path(), &site, Settings::default()).await;
    let here = Place::console();
    let line =
        format!("/articles add <{}> {} {}", site.url("/ferry?utm_source=chat"), site.url("/closed"), site.url("/gone"));
    let (progress, look) = Progress::new();
    let reply = router.answer_text_telling(&here, &line, progress).await;
    let answer = shown(&reply);
    assert_eq!(reply.outcome, Outcome::Told);
    assert!(answer.starts_with("1 taken in or held already, 2 refused."), "{answer}");
    assert!(answer.contains("Ferry is laid up") && answer.contains("new: #1, 4 paragraphs"), "{answer}");
    assert!(answer.contains("shows the article to subscribers only"), "{answer}");
    assert!(answer.contains("answered with status 404"), "{answer}");
    assert_eq!(*look.borrow(), "3 of 3 done");
    // It answers at once, and is known by its address, whoever passed that on.
    assert!(told(&router, &here, "When will the old ferry be laid up?").await.contains("Friday"));
    let again = told(&router, &here, &format!("/articles add {}", site.url("/ferry?fbclid=1#part"))).await;
    assert!(again.contains("unchanged: held as #1"), "{again}");
    site.change("on Friday", "on Sunday");
    let changed = told(&router, &here, "/articles reload 1").await;
    assert!(changed.contains("changed: #1 has version 2 now"), "{changed}");
    assert!(told(&router, &here, "When will the old ferry be laid up?").await.contains("Sunday"));
    assert_eq!(router.answer_text(&here, "/articles remove 1").await.outcome, Outcome::Told);
    let back = told(&router, &here, &format!("/articles add {}", site.url("/ferry"))).await;
    assert!(back.contains("back: #1 had been taken out"), "{back}");
}

#[tokio::test]
async fn a_community_adds_so_many_a_day_and_the_console_as_many_as_it_wants() {
    let (site, folder) = (Site::new().await, tempfile::tempdir().unwrap());
    let settings = Settings { shared_open: true, articles_a_day: Some(2), ..Settings::default() };
    let (_, router) = open(folder.path(), &site, settings).await;
    let (town, other) = (place("town", true), place("other", true));
    let ferry = format!("/articles add {}", site.url("/ferry"));
    assert!(told(&router, &town, &ferry).await.contains("new: #1"));
    // What adds nothing takes nothing.
    for line in [&ferry, &format!("/articles add {} {}", site.url("/closed"), site.url("/gone"))] {
        for _ in 0..3 {
            let words = told(&router, &town, line).await;
            assert!(!words.contains("a day"), "{words}");
        }
    }
    let file = format!("/articles add --file {}", site.url("/cdn/notes%20of%20may.txt"));
    let two = site.url("/cdn/two.jsonl");
    let words = told(&router, &town, &format!("/articles add --file {two}")).await;
    assert!(words.contains("it holds 2 articles; this community may add 2 a day, and of today's 1 is left"), "{words}");
    assert!(told(&router, &town, &file).await.contains("new: #2"));
    site.change("on Friday", "on Sunday");
    let words = told(&router, &town, "/articles reload 1").await;
    assert!(words.contains("of today's none is left") && words.contains("library.articles_a_day"), "{words}");
    assert!(told(&router, &other, "/articles reload 1").await.contains("version 2"), "each has its own bound");
    assert!(told(&router, &Place::console(), &format!("/articles add --file {two}")).await.contains("2 taken in"));
}

#[tokio::test]
async fn what_names_nothing_that_may_be_added_is_refused() {
    let (site, folder) = (Site::new().await, tempfile::tempdir().unwrap());
    let (store, router) = open(folder.path(), &site, Settings { shared_open: true, ..Settings::default() }).await;
    let file = folder.path().join("pier.txt");
    std::fs::write(&file, "Pier shut\n\nThe pier was shut on Monday.\n").unwrap();
    let many = format!("/articles add {}", (0..11).map(|n| site.url(&format!("/{n}"))).collect::<Vec<_>>().join(" "));
    let away = place("town", true);
    for (line, reason) in [
        ("/articles add".to_owned(), "Name the addresses"),
        (many, "at most 10"),
        ("/articles add news.example".to_owned(), "beginning with https://"),
        ("/articles add file:///etc/passwd".to_owned(), "beginning with https://"),
        ("/articles add ftp://news.example/a".to_owned(), "beginning with https://"),
        (format!("/articles add {}", file.display()), "beginning with https://"),
        (format!("/articles add --file {}", file.display()), "as attachments on Discord"),
        (format!("/articles add http://10.0.0.1:{}/", site.server.port()), "not on the public Internet"),
    ] {
        let reply = router.answer_text(&away, &line).await;
        assert!(reply.outcome == Outcome::Refused && shown(&reply).contains(reason), "{line}: {}", shown(&reply));
    }
    assert_eq!(store.count(SHARED).await.unwrap(), 0);
    // The console names its own files, and what is no file there is said.
    let here = Place::console();
    let local = told(&router, &here, &format!("/articles add {}", file.display())).await;
    assert!(local.contains("Pier shut") && local.contains("new: #1"), "{local}");
    let no_file = told(&router, &here, &format!("/articles add --file {}", folder.path().display())).await;
    assert!(no_file.contains("it is no file"), "{no_file}");
    let fixed = Router::new(byline::router::Desk::new(byline::library::Library::default(), Settings::default()));
    assert!(told(&fixed, &here, "/articles add https://news.example/a").await.contains("Nothing is kept in this run"));
}

#[tokio::test]
async fn an_attachment_is_no_page() {
    let (site, folder) = (Site::new().await, tempfile::tempdir().unwrap());
    let (store, router) = open(folder.path(), &site, Settings { shared_open: true, ..Settings::default() }).await;
    let add = table::find("articles").and_then(|spec| spec.parts.iter().find(|part| part.name == "add")).unwrap();
    let mut args = Args::default();
    args.set(add.option("file").unwrap(), &site.url("/cdn/notes%20of%20may.txt?ex=1&hm=secret")).unwrap();
    let reply = router.answer(&place("town", true), add, &args).await;
    let answer = shown(&reply);
    assert!(answer.contains("Notes of May") && answer.contains("new: #1, 1 paragraph"), "{answer}");
    let held = store.get(SHARED, "notes of may").await.unwrap().unwrap().article;
    assert_eq!(held.meta().url, None, "the address of an attachment is nobody's to keep");
}

#[tokio::test]
async fn managers_add_to_what_is_theirs() {
    let (site, folder) = (Site::new().await, tempfile::tempdir().unwrap());
    let (store, router) = open(folder.path(), &site, Settings::default()).await;
    let line = format!("/articles add {}", site.url("/ferry"));
    let somebody = told(&router, &place("town", false), &line).await;
    assert!(somebody.contains("for those who manage this place"), "{somebody}");
    let manager = place("town", true);
    let shared = told(&router, &manager, &line).await;
    assert!(shared.contains("shared by all communities"), "{shared}");
    assert_eq!(router.answer_text(&manager, "/settings articles own").await.outcome, Outcome::Told);
    assert!(told(&router, &manager, &line).await.contains("new: #1"));
    assert_eq!(store.count(SHARED).await.unwrap(), 0);
    assert!(told(&router, &place("village", false), "/articles list").await.contains("0 articles"));
    // One that an operator assigned is read by others too, perhaps.
    let assigned = store.collection("finance").await.unwrap();
    let bank = store.community("discord", "bank").await.unwrap();
    store.read_collection(bank.id, assigned).await.unwrap();
    assert!(told(&router, &place("bank", true), &line).await.contains("shared by all communities"));
}

#[tokio::test]
async fn a_changed_article_tells_what_changed_in_the_words_of_both_versions() {
    let (site, folder) = (Site::new().await, tempfile::tempdir().unwrap());
    let (store, router) = open(folder.path(), &site, Settings::default()).await;
    let here = Place::console();
    told(&router, &here, &format!("/articles add {}", site.url("/ferry"))).await;
    let first = told(&router, &here, "/articles show 1").await;
    assert!(!first.contains("Version"), "{first}");
    site.change("on Friday", "on Sunday night");
    site.change("for forty years", "for fifty years");
    site.change("<p>Until then a bus will run over the dam at low water, four times a day in summer and twice a day in winter.</p>",
        "<p>Nobody in the harbour office would say on Wednesday how people are meant to reach the mainland meanwhile.</p>");
    told(&router, &here, "/articles reload 1").await;
    let reply = router.answer_text(&here, "/articles show 1").await;
    let answer = shown(&reply);
    assert!(answer.contains("2 paragraphs altered, 1 added, 1 removed; 1 quotation altered."), "{answer}");
    assert!(answer.contains("Altered, with words of Ann Leeworthy"), "{answer}");
    assert!(
        answer.contains("laid up on **Friday,** the") && answer.contains("laid up on **Sunday night,** the"),
        "{answer}"
    );
    assert!(answer.contains("earlier version 1"), "{answer}");
    // Each piece is a slice of the version that it is said to be of.
    let (before, now) =
        (store.version(byline::library::store::StoredId(1), 1), store.article(byline::library::store::StoredId(1)));
    let (before, now) = (before.await.unwrap().unwrap().article, now.await.unwrap().unwrap().article);
    let (mut of_before, mut of_now) = (0, 0);
    for quoted in reply.quotations() {
        let article = if quoted.source.earlier == Some(1) { &before } else { &now };
        *if quoted.source.earlier.is_some() { &mut of_before } else { &mut of_now } += 1;
        for piece in &quoted.pieces {
            assert_eq!(article.slice(piece.span), piece.text);
        }
    }
    assert_eq!((of_before, of_now), (3, 4));
    assert!(router.still_stands(&here, &reply).await);
    // Turned to tomorrow, a page is of the same two versions, whatever the article says by then.
    let kept = {
        let desk = router.desk(&here).await.unwrap();
        Kept::of(&reply, desk.library(), "show", "").unwrap()
    };
    site.change("Sunday night", "Monday");
    told(&router, &here, "/articles reload 1").await;
    assert!(!router.still_stands(&here, &reply).await, "the current version is another");
    let kept = Kept::from_json(&kept.to_json().unwrap()).unwrap();
    for page in 0..reply.pages.len() {
        let restored = kept.page(&store, page, false).await.unwrap();
        let words = |reply: &Checked| render_with_page(reply, page, Style::default());
        assert_eq!(words(&restored), words(&reply));
    }
    // Of three versions, each tells its own change.
    let second = told(&router, &here, "/articles show 1 --version 2").await;
    assert!(second.contains("Version 2, of ") && second.contains("**Sunday night,**"), "{second}");
    let third = told(&router, &here, "/articles show 1").await;
    assert!(third.contains("Version 3, of ") && third.contains("1 paragraph altered."), "{third}");
    assert!(told(&router, &here, "/articles show 1 --version 4").await.contains("the latest is 3"));
    assert!(told(&router, &here, "/articles show 1 --version 1").await.contains("Version 1 is the first one"));
    let removed = router.answer_text(&here, "/articles show 1 --version 2").await;
    assert!(removed.quotations().any(|quoted| quoted.source.id.is_earlier()));
    assert!(matches!(removed.blocks.last(), Some(Block::Text(_))));
    told(&router, &here, "/articles remove 1").await;
    assert!(!router.still_stands(&here, &removed).await);
    assert!(kept.page(&store, 0, false).await.is_err(), "what was taken out is not shown again");
}

#[tokio::test]
async fn what_was_added_by_its_address_stays_when_a_mirrored_copy_goes() {
    let (site, folder) = (Site::new().await, tempfile::tempdir().unwrap());
    let url = web::address(&site.url("/ferry")).unwrap();
    for (order, watched) in ["added first", "mirrored first"].into_iter().zip(["a", "b"]) {
        let store = Store::open(&StoreUrl::file(folder.path().join(format!("{watched}.db")))).await.unwrap();
        let places = [folder.path().join(watched)];
        std::fs::create_dir(&places[0]).unwrap();
        let file = places[0].join("ferry.html");
        let link = format!("<link rel=\"canonical\" href=\"{url}\"></head>");
        let copy = page("Ferry is laid up", FIRST).replace("</head>", &link);
        let add = async || web::add(&store, SHARED, &site.fetcher(), &url).await.unwrap();
        if order == "added first" {
            add().await;
        }
        std::fs::write(&file, copy).unwrap();
        let mirrored = mirror::sync(&store, watched, SHARED, &places, |_| ()).await.unwrap();
        assert_eq!(mirrored.articles.refused, 0, "{mirrored:?}");
        add().await;
        assert_eq!(store.count(SHARED).await.unwrap(), 1, "{order}");
        std::fs::remove_file(&file).unwrap();
        std::fs::write(places[0].join("other.txt"), "Other\n\nSomething else happened.\n").unwrap();
        mirror::sync(&store, watched, SHARED, &places, |_| ()).await.unwrap();
        let held = store.load_all(SHARED).next().await.unwrap().unwrap();
        assert_eq!(held.article.meta().title, "Ferry is laid up", "{order}");
        std::fs::remove_file(places[0].join("other.txt")).unwrap();
        mirror::sync(&store, watched, SHARED, &[], |_| ()).await.unwrap();
        assert_eq!(store.count(SHARED).await.unwrap(), 1, "{order}");
    }
}
