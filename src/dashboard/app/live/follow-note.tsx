import { Link } from 'wouter';
import { callTexts } from '../texts/calls.js';

/** Whether the page goes on to the next call by itself, and how to make it. */
export function FollowNote({ isFollowing }: { readonly isFollowing: boolean }) {
  if (isFollowing) return <p className="follow-note muted">{callTexts.live.following}</p>;
  return (
    <Link href="/live" className="button button-small">
      {callTexts.live.follow}
    </Link>
  );
}
